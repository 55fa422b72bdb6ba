// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// The library that computes: the layer above libtorch, and which libtorch it is given.
///
/// A build has one layer beside the program, which knows the libtorch that it was built with. The Python package has one
/// for each minor version of `torch`, and takes the `torch` that Python would import.
struct TorchLibrary {
  /// Why this libtorch was taken; nil for a build, whose set-up chose it.
  private(set) nonisolated(unsafe) static var reason: String?

  /// The program's folder.
  private let folder: String
  /// Of a package the layer, the folder of Python's torch, and why that; nil for a build.
  private let found: (layer: String, torch: String, why: String)?

  /// The variable that names libtorch's folder.
  private static let variable = "LIBTORCH"

  /// The library for a program in a folder.
  ///
  /// - Throws: `Problem` where Python has no torch, or one of another version than the package serves.
  init(besides folder: String) throws {
    self.folder = folder
    let layers = Self.layers(in: folder)
    guard !layers.isEmpty else {
      found = nil
      return
    }
    let served = layers.keys.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    let range = served.count == 1 ? served[0] : "\(served[0]) to \(served[served.count - 1])"
    let remedy = "install it into the same Python: pip install 'torch==\(served[served.count - 1]).*'"
    guard let (torch, why) = Self.torch(for: folder) else {
      throw Problem(
        "cannot find libtorch", at: folder, because: "the Python of this package has no torch",
        remedy: remedy)
    }
    guard let version = Self.version(of: torch) else {
      throw Problem(
        "cannot load libtorch", at: torch, because: "it has no version.py that says which torch it is",
        remedy: remedy)
    }
    let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
    guard let layer = layers[minor] else {
      throw Problem(
        "cannot load libtorch", at: torch, because: "it is torch \(version), and \(range) is served",
        remedy: remedy)
    }
    found = (layer, torch, why)
  }

  /// Loads it: before the first computation.
  func load() throws {
    guard let found else { return try Machine.load(in: folder) }
    try Machine.load(
      found.layer, libtorch: "\(found.torch)/lib/libtorch.\(Machine.libraryEnding)",
      remedy: "install torch again: its files do not fit together")
    Self.reason = found.why
  }

  /// The layers of a package's folder by the minor version of torch that they are for: `libCTorch-2.13.so`.
  private static func layers(in folder: String) -> [String: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var found: [String: String] = [:]
    for name in names where name.hasPrefix("libCTorch-") && name.hasSuffix(".\(Machine.libraryEnding)") {
      found[String(name.dropFirst(10).dropLast(Machine.libraryEnding.count + 1))] = "\(folder)/\(name)"
    }
    return found
  }

  /// The folder of the torch to take, and why: that of the variable, that which lies beside the package, or that which
  /// the package's Python finds.
  private static func torch(for folder: String) -> (folder: String, why: String)? {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment[variable], !named.isEmpty { return (named, "$\(variable) names it") }
    // iapc/bin, in the folder that holds the package torch too.
    let packages = URL(fileURLWithPath: folder).deletingLastPathComponent().deletingLastPathComponent()
    let beside = packages.appendingPathComponent("torch").path
    if version(of: beside) != nil { return (beside, "it lies beside the package iapc") }
    // The packages' folder is PREFIX/lib/pythonX.Y/site-packages.
    let library = packages.deletingLastPathComponent()
    let prefix = library.deletingLastPathComponent().deletingLastPathComponent()
    let paths =
      [prefix.appendingPathComponent("bin").path]
      + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for name in [library.lastPathComponent, "python3"] {
      guard
        let python = paths.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile),
        let found = torch(of: python)
      else { continue }
      return (found, "\(python) finds it")
    }
    return nil
  }

  /// Where a Python would import torch from; it is not imported, which takes seconds.
  private static func torch(of python: String) -> String? {
    let code = """
      import importlib.util
      spec = importlib.util.find_spec("torch")
      print(spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else "")
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", code]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    let path = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return path.isEmpty ? nil : path
  }

  /// The version of a torch, as its version.py has it: "2.13.0+cpu"; nil where there is none.
  private static func version(of torch: String) -> String? {
    guard let bytes = try? FileBytes.read("\(torch)/version.py", atMost: 1 << 16) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.firstMatch(of: /__version__ = '([0-9.]+)[^']*'/).map { String($0.output.1) }
  }
}
