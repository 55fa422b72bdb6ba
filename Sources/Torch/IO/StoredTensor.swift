// SPDX-License-Identifier: Apache-2.0

/// A tensor as a file holds it: contiguous little-endian bytes in row-major order.
public struct StoredTensor: Equatable, Sendable {
  public let dtype: DType
  public let shape: [Int]
  /// `shape.product * dtype.byteWidth` bytes.
  public let bytes: [UInt8]

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
