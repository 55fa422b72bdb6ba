// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Optimizer {
  /// One step down the gradient of `loss`, unless the loss or its gradient is no number: then nothing moves.
  /// Clears the gradients either way.
  ///
  /// - Returns: the Euclidean norm of the gradient over all parameters of the groups, and whether they moved.
  public func minimize(_ loss: Tensor, learningRate: Double) -> (gradientNorm: Double, isApplied: Bool) {
    minimize(loss.item, learningRate: learningRate) { loss.backward() }
  }

  /// The same for a loss of a known value, whose gradients `backward` adds to those of the parameters.
  ///
  /// - `unless`: asked after that; true leaves the step out.
  public func minimize(
    _ loss: Double, learningRate: Double, unless: () -> Bool = { false }, backward: () -> Void
  ) -> (gradientNorm: Double, isApplied: Bool) {
    backward()
    let norm = gradientNorm
    let isApplied = norm.isFinite && loss.isFinite && !unless()
    if isApplied {
      step(learningRate: learningRate)
    } else {
      for entry in groups.flatMap(\.parameters) { entry.tensor.clearGradient() }
    }
    return (norm, isApplied)
  }

  /// The Euclidean norm of all gradients together, 0 without any; each counts once, however often its group
  /// is stepped. Infinite too where a square is beyond the range of the gradients' type.
  public var gradientNorm: Double {
    let gradients = groups.flatMap { Pending($0).gradients }
    var norm = 0.0
    must("gradientNorm") { lend(gradients) { ct_norm_of_all(&norm, $0, gradients.count) } }
    return norm
  }
}
