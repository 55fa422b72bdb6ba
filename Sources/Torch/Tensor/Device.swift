// SPDX-License-Identifier: Apache-2.0

import Files
internal import TorchABI

/// Where tensors live and computations run.
public enum Device: Equatable, Hashable, Sendable, CustomStringConvertible {
  /// The processor and its memory.
  case cpu
  /// The CUDA device of a number, from 0.
  case cuda(Int)

  init(_ raw: ct_device) {
    self = raw.kind == 0 ? .cpu : .cuda(Int(raw.index))
  }

  var raw: ct_device {
    switch self {
    case .cpu: ct_device(kind: 0, index: 0)
    case .cuda(let index): ct_device(kind: 1, index: Int32(index))
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  /// Waits until everything queued on the device is done, for honest timings.
  public func synchronize() throws(TorchError) {
    try check("synchronize") { ct_synchronize(raw) }
  }
}

/// What this machine and the libtorch in use offer.
public enum Machine {
  /// How the file names of shared libraries end here.
  package static var libraryEnding: String {
    #if canImport(Darwin)
      "dylib"
    #else
      "so"
    #endif
  }

  /// Loads libtorch and the layer above it, in a program that is not linked with them: before any other call.
  ///
  /// - `folder`: where the layer's library is, `libCTorch.so` or `.dylib`.
  /// - Throws: `Problem` where it cannot be loaded.
  public static func load(in folder: String) throws {
    try load(
      "\(folder)/libCTorch.\(libraryEnding)",
      remedy: "build again with `make build`, and keep the library beside the program")
  }

  /// Loads a layer above libtorch, after the libtorch that it is to find; nil where it knows the place.
  ///
  /// - Throws: `Problem` where they cannot be loaded, with the remedy.
  package static func load(_ layer: String, libtorch: String? = nil, remedy: String) throws {
    func check(_ why: UnsafePointer<CChar>?, _ path: String) throws {
      guard let why else { return }
      throw Problem("cannot load libtorch", at: path, because: String(cString: why), remedy: remedy)
    }
    // The layer names its libraries without a folder: those that are loaded already are taken.
    if let libtorch { try check(ct_open(libtorch), libtorch) }
    try check(ct_load(layer), layer)
  }

  /// The version of libtorch that is loaded: "2.13.0".
  public static var torchVersion: String { String(cString: ct_version()) }

  /// The file that libtorch was loaded from.
  public static var libraryPath: String? { ct_library_path().map { String(cString: $0) } }

  /// The vector instructions that libtorch chose: "AVX2", "AVX512", "DEFAULT".
  public static var cpuCapability: String {
    var name: UnsafePointer<CChar>?
    must("cpuCapability") { ct_cpu_capability(&name) }
    return name.map { String(cString: $0) } ?? "unknown"
  }

  /// How many CUDA devices libtorch sees; 0 where it was built without CUDA.
  public static var cudaDeviceCount: Int { Int(ct_cuda_devices()) }

  /// Threads that one operation is spread over.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { must("setThreads") { ct_set_threads(Int32(newValue)) } }
  }

  /// Floating-point operations of all convolutions and matrix products so far. Those of a backward pass count when
  /// the forward pass runs, unless a layer has its own.
  public static var operations: Int { Int(ct_operations()) }

  /// Keeps what the process frees for its next images and tensors.
  ///
  /// glibc gives each large block back at once, and the system clears every page of the next one: as much
  /// time as a quarter of an evaluation. The most that is held stays about the same.
  public static func keepFreedMemory() { ct_keep_freed_memory() }

  /// Gives what is freed so far back to the system.
  public static func giveBackFreedMemory() { ct_give_back_freed_memory() }

  /// Treats subnormal floats as zero: they cost a hundred times a normal one and mean nothing here.
  @discardableResult
  public static func flushDenormals(_ value: Bool) -> Bool { ct_set_flush_denormal(value) }
}
