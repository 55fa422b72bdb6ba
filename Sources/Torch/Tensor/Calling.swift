// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

typealias Out = UnsafeMutablePointer<OpaquePointer?>

/// Runs a C call that fills an out-tensor. A failure ends the process, with the operation and its operands: by a trap
/// where it is a programmer's mistake (shapes, types), as `FailedComputation` has it where a user can cause it.
@inline(__always)
func must(_ operation: StaticString, _ operands: Tensor..., call: (Out) -> OpaquePointer?) -> Tensor {
  var result: OpaquePointer?
  if let error = call(&result) { fail(error, operation, operands) }
  guard let result else { fatalError("\(operation) gave no tensor") }
  return Tensor(owning: result)
}

/// The same for a call without a tensor result.
@inline(__always)
func must(_ operation: StaticString, _ operands: Tensor..., call: () -> OpaquePointer?) {
  if let error = call() { fail(error, operation, operands) }
}

/// The same for a call whose failure the caller can answer.
func check(_ operation: String, call: () -> OpaquePointer?) throws(TorchError) {
  if let error = call() { throw TorchError(taking: error, operation: operation) }
}

@inline(never)
func fail(_ error: OpaquePointer, _ operation: StaticString, _ operands: [Tensor]) -> Never {
  let error = TorchError(taking: error, operation: "\(operation)")
  let shapes = operands.map { "\($0.dtype) \($0.shape)" }.joined(separator: ", ")
  let place = operands.isEmpty ? "\(operation)" : "\(operation) of \(shapes)"
  if let problem = error.problem(at: place) { FailedComputation.end(with: problem) }
  fatalError(operands.isEmpty ? "\(error)" : "\(error) [operands: \(shapes)]")
}

extension Tensor {
  @inline(__always)
  func unary(_ operation: StaticString, _ call: (Out, OpaquePointer) -> OpaquePointer?) -> Tensor {
    must(operation, self) { out in handle.lend { call(out, $0) } }
  }

  @inline(__always)
  func binary(
    _ operation: StaticString, _ other: Tensor, _ call: (Out, OpaquePointer, OpaquePointer) -> OpaquePointer?
  ) -> Tensor {
    must(operation, self, other) { out in
      handle.lend { x in other.handle.lend { y in call(out, x, y) } }
    }
  }
}

extension Optional<Tensor> {
  /// Lends the C pointer of a tensor that may be absent.
  @inline(__always)
  func lend<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    switch self {
    case .some(let tensor): tensor.handle.lend { body($0) }
    case .none: body(nil)
    }
  }
}

/// Lends the C pointers of several tensors at once.
func lend<Result>(_ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer?>) -> Result) -> Result {
  withExtendedLifetime(tensors) {
    var pointers: [OpaquePointer?] = tensors.map { $0.handle.lend { $0 } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        var none: OpaquePointer?
        return body(&none)
      }
      return body(UnsafePointer(base))
    }
  }
}

extension [Int] {
  /// Lends the numbers as C's 64-bit integers.
  @inline(__always)
  func lend64<Result>(_ body: (UnsafePointer<Int64>, Int) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: Swift.max(count, 1)) { buffer in
      for (i, value) in enumerated() { buffer[i] = Int64(value) }
      return body(UnsafePointer(buffer.baseAddress!), count)
    }
  }
}
