// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// An element type of Swift that a tensor can be made of or read as.
public protocol TensorScalar: BitwiseCopyable {
  /// The type of a tensor of such elements.
  static var dtype: DType { get }
}

extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }
extension Int64: TensorScalar { public static var dtype: DType { .int64 } }
extension Float: TensorScalar { public static var dtype: DType { .float32 } }
extension Double: TensorScalar { public static var dtype: DType { .float64 } }

extension Tensor {
  /// A CPU tensor that copies `values`, row-major.
  public init<Scalar: TensorScalar>(_ values: [Scalar], shape: [Int]) {
    self = values.withUnsafeBytes { Tensor(bytes: $0, dtype: Scalar.dtype, shape: shape) }
  }

  /// A CPU tensor that copies row-major bytes.
  public init(bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]) {
    self = must("fromBytes") { out in
      shape.lend64 { ct_from_bytes(out, bytes.baseAddress, bytes.count, dtype.rawValue, $0, $1) }
    }
  }

  /// A CPU tensor of what a file holds.
  public init(_ stored: StoredTensor) {
    self = stored.bytes.withUnsafeBytes { Tensor(bytes: $0, dtype: stored.dtype, shape: stored.shape) }
  }

  /// A tensor of one value.
  public static func full(_ value: Double, _ shape: [Int], dtype: DType = .float32, on device: Device = .cpu)
    -> Tensor
  {
    must("full") { out in shape.lend64 { ct_full(out, value, dtype.rawValue, $0, $1, device.raw) } }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, on device: Device = .cpu) -> Tensor {
    full(0, shape, dtype: dtype, on: device)
  }

  /// A tensor of ones.
  public static func ones(_ shape: [Int], dtype: DType = .float32, on device: Device = .cpu) -> Tensor {
    full(1, shape, dtype: dtype, on: device)
  }

  /// The numbers 0 ..< count.
  public static func range(_ count: Int, dtype: DType = .int64, on device: Device = .cpu) -> Tensor {
    must("arange") { ct_arange($0, Int64(count), dtype.rawValue, device.raw) }
  }

  /// A CPU tensor whose memory `fill` writes: no copy between a decoder and the tensor.
  public static func filled<Scalar: TensorScalar>(
    _ shape: [Int], _ fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows -> Tensor {
    let tensor = must("empty") { out in shape.lend64 { ct_empty(out, Scalar.dtype.rawValue, $0, $1) } }
    try tensor.withMemory(of: Scalar.self, fill)
    return tensor
  }
}
