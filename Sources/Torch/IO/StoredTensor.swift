// SPDX-License-Identifier: Apache-2.0

/// A tensor as a file holds it: contiguous little-endian bytes in row-major order.
public struct StoredTensor: Equatable, Sendable {
  /// The type of an element.
  public let dtype: DType
  /// The lengths of the axes, the outermost first.
  public let shape: [Int]
  /// `shape.product * dtype.byteWidth` bytes.
  public let bytes: [UInt8]

  /// A tensor of these bytes; it traps where their number is not that of the shape.
  public init(dtype: DType, shape: [Int], bytes: [UInt8]) {
    let expected = shape.reduce(dtype.byteWidth, *)
    guard bytes.count == expected else {
      fatalError("a stored \(dtype) tensor of shape \(shape) needs \(expected) bytes, got \(bytes.count)")
    }
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }
}
