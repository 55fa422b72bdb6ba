// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Tensor {
  /// The elements, row-major, copied to Swift. Traps on another element type.
  public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
    guard dtype == Scalar.dtype else { fatalError("scalars(as: \(Scalar.self)) of a tensor of \(dtype)") }
    let count = elementCount
    if count == 0 { return [] }
    return [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      must("copyOut", self) {
        handle.lend { ct_copy_out(buffer.baseAddress, count * MemoryLayout<Scalar>.stride, $0) }
      }
      initialized = count
    }
  }

  /// The one element, as a double.
  public var item: Double {
    var value = 0.0
    must("item", self) { handle.lend { ct_item(&value, $0) } }
    return value
  }

  /// What a file would hold of this tensor.
  public var stored: StoredTensor {
    let (dtype, shape) = (dtype, shape)
    let count = shape.reduce(dtype.byteWidth, *)
    // With a capacity of 0 the standard library would write into the empty array that all threads share.
    if count == 0 { return StoredTensor(dtype: dtype, shape: shape, bytes: []) }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      must("copyOut", self) { handle.lend { ct_copy_out(buffer.baseAddress, count, $0) } }
      initialized = count
    }
    return StoredTensor(dtype: dtype, shape: shape, bytes: bytes)
  }

  /// Lends the elements of a contiguous CPU tensor.
  public func withMemory<Scalar: TensorScalar, Result>(
    of type: Scalar.Type = Scalar.self, _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    guard dtype == Scalar.dtype else { fatalError("memory of \(Scalar.self) of a tensor of \(dtype)") }
    let count = elementCount
    var pointer: UnsafeMutableRawPointer?
    must("dataPointer", self) { handle.lend { ct_data_pointer(&pointer, $0) } }
    return try withExtendedLifetime(handle) {
      try body(UnsafeMutableBufferPointer(start: pointer?.assumingMemoryBound(to: Scalar.self), count: count))
    }
  }
}
