// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Batch normalisation over [N, C, H, W], per channel, with the activation that follows it.
///
/// Source: Ioffe and Szegedy 2015. The running variance is the unbiased one, as PyTorch keeps it. The mean and
/// variance that normalise are taken in one pass, normalising and activating in another; for gradients only the
/// input is kept.
public struct BatchNorm {
  private let weight, bias, mean, variance: Tensor
  private let counter: Tensor?
  private let momentum, epsilon: Double
  private let isFrozen: Bool
  private let activation: Activation

  /// Declares `weight`, `bias`, `running_mean` and `running_var`, each [channels], and on request the int64
  /// scalar `num_batches_tracked`.
  ///
  /// - `momentum`: the share of the new batch in the running statistics.
  /// - `countsBatches`: keeps the number of batches that entered the statistics, as PyTorch's layer does.
  /// - `activation`: applied to the result; declared after the layer's own.
  public init(
    _ scope: Scope, _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1,
    countsBatches: Bool = false, activation: @autoclosure () -> Activation = .none
  ) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    mean = scope.buffer("running_mean", .zeros([channels]))
    variance = scope.buffer("running_var", .ones([channels]))
    counter = countsBatches ? scope.buffer("num_batches_tracked", .zeros([], dtype: .int64)) : nil
    (self.momentum, self.epsilon) = (momentum, epsilon)
    isFrozen = false
    self.activation = activation()
  }

  /// A detector's layer that some networks keep: a scale and shift by stored statistics, never trained and never
  /// moved. All four of its vectors are buffers, and the deviation is taken without an epsilon unless one is
  /// asked for.
  public init(
    frozen scope: Scope, _ channels: Int, epsilon: Double = 0,
    activation: @autoclosure () -> Activation = .none
  ) {
    weight = scope.buffer("weight", .ones([channels]))
    bias = scope.buffer("bias", .zeros([channels]))
    mean = scope.buffer("running_mean", .zeros([channels]))
    variance = scope.buffer("running_var", .ones([channels]))
    counter = nil
    (momentum, self.epsilon) = (0, epsilon)
    isFrozen = true
    self.activation = activation()
  }

  /// The normalised batch, of the input's shape [N, C, H, W]; training passes move the running statistics.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    count(mode)
    return withExtendedLifetime(self) {
      let layer = raw(mode)
      return x.unary("batchNorm") { ct_norm_act($0, $1, nil, layer) }
    }
  }

  /// The normalised batch and another of its shape, and of their sum the activation: the end of a residual block.
  ///
  /// - `activation`: in the place of the layer's own, which must be none.
  public func callAsFunction(_ x: Tensor, adding other: Tensor, then activation: Activation, _ mode: Mode)
    -> Tensor
  {
    guard self.activation.raw == CT_NO_ACTIVATION else { fatalError("a normalisation has one activation") }
    count(mode)
    return withExtendedLifetime((self, activation)) {
      var layer = raw(mode)
      (layer.activation, layer.slope) = (activation.raw, activation.slope.map { $0.handle.lend { $0 } })
      return x.binary("batchNorm", other) { ct_norm_act($0, $1, $2, layer) }
    }
  }

  /// Counts a batch that enters the stored statistics.
  func count(_ mode: Mode) {
    if let counter, mode != .evaluation && mode != .batchStatistics {
      counter.set(to: counter + .ones([], dtype: .int64, on: counter.device))
    }
  }

  /// The layer as C takes it; good while the layer lives.
  func raw(_ mode: Mode) -> ct_norm_layer {
    func pointer(_ tensor: Tensor) -> OpaquePointer { tensor.handle.lend { $0 } }
    let share = if case .estimating(let share) = mode { share } else { momentum }
    let isOfBatch = !isFrozen && mode != .evaluation
    return ct_norm_layer(
      weight: pointer(weight), bias: pointer(bias), running_mean: pointer(mean),
      running_variance: pointer(variance), slope: activation.slope.map(pointer), activation: activation.raw,
      of_batch: isOfBatch, moves: isOfBatch && mode != .batchStatistics, momentum: share, epsilon: epsilon)
  }
}
