// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Tensor {
  /// The same elements, cut off from the graph.
  public func detached() -> Tensor { unary("detach") { ct_detach($0, $1) } }

  /// Whether operations on this tensor are recorded for `backward`.
  public var requiresGradient: Bool {
    get {
      var value = false
      must("requiresGrad", self) { handle.lend { ct_requires_grad(&value, $0) } }
      return value
    }
    nonmutating set { must("setRequiresGrad", self) { handle.lend { ct_set_requires_grad($0, newValue) } } }
  }

  /// Adds the gradients of this scalar into those of the leaves that require one.
  public func backward() {
    must("backward", self) { handle.lend { ct_backward($0) } }
  }

  /// Adds gradients into those of the leaves that require one, from several tensors whose own are known.
  ///
  /// One pass over what they have in common. A tensor that requires no gradient is left out.
  public static func backward(from roots: [(tensor: Tensor, gradient: Tensor)]) {
    let roots = roots.filter { $0.tensor.requiresGradient }
    if roots.isEmpty { return }
    must("backward") {
      lend(roots.map(\.tensor)) { tensors in
        lend(roots.map(\.gradient)) { ct_backward_from(tensors, $0, roots.count) }
      }
    }
  }

  /// The gradient that `backward` gave this leaf, if any.
  public var gradient: Tensor? {
    var result: OpaquePointer?
    must("grad", self) { handle.lend { ct_grad(&result, $0) } }
    return result.map { Tensor(owning: $0) }
  }

  /// Forgets the gradient.
  public func clearGradient() {
    must("clearGrad", self) { handle.lend { ct_clear_grad($0) } }
  }
}

/// Runs `body` without recording a graph: less memory, and nothing to differentiate.
///
/// The switch belongs to the thread, so `body` is synchronous.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  let before = ct_grad_enabled()
  ct_set_grad_enabled(false)
  defer { ct_set_grad_enabled(before) }
  return try body()
}
