// SPDX-License-Identifier: Apache-2.0

internal import CTorch

/// Batch normalisation over [N, C, H, W], per channel.
///
/// Source: Ioffe and Szegedy 2015. The running variance is the unbiased one, as PyTorch keeps it.
public struct BatchNorm {
  private let weight, bias, mean, variance: Tensor
  private let counter: Tensor?
  private let momentum, epsilon: Double

  /// Declares `weight`, `bias`, `running_mean` and `running_var`, each [channels], and on request the int64
  /// scalar `num_batches_tracked`.
  ///
  /// - `momentum`: the share of the new batch in the running statistics.
  /// - `countsBatches`: keeps the number of batches that entered the statistics, as PyTorch's layer does.
  public init(
    _ scope: Scope, _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1,
    countsBatches: Bool = false
  ) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    mean = scope.buffer("running_mean", .zeros([channels]))
    variance = scope.buffer("running_var", .ones([channels]))
    counter = countsBatches ? scope.buffer("num_batches_tracked", .zeros([], dtype: .int64)) : nil
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let running: (Tensor?, Tensor?) = mode == .batchStatistics ? (nil, nil) : (mean, variance)
    let share = if case .estimating(let share) = mode { share } else { momentum }
    if let counter, mode != .evaluation && mode != .batchStatistics {
      counter.set(to: counter + .ones([], dtype: .int64, on: counter.device))
    }
    return x.binary("batchNorm", weight) { out, x, w in
      bias.handle.lend { b in
        running.0.lend { m in
          running.1.lend { v in ct_batch_norm(out, x, w, b, m, v, mode != .evaluation, share, epsilon) }
        }
      }
    }
  }
}

/// A channelwise scale and shift by stored statistics, never trained and never moved.
///
/// Shapes: [N, C, H, W] -> the same. A detector's layer that some networks keep: all four of its vectors are
/// buffers, and the deviation is taken without an epsilon unless one is asked for.
public struct FrozenBatchNorm {
  private let weight, bias, mean, variance: Tensor
  private let epsilon: Double

  /// Declares the buffers `weight`, `bias`, `running_mean` and `running_var`, each [channels].
  public init(_ scope: Scope, _ channels: Int, epsilon: Double = 0) {
    weight = scope.buffer("weight", .ones([channels]))
    bias = scope.buffer("bias", .zeros([channels]))
    mean = scope.buffer("running_mean", .zeros([channels]))
    variance = scope.buffer("running_var", .ones([channels]))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let scale = weight / (variance + epsilon).squareRoot()
    let shift = bias - mean * scale
    return x * scale.reshaped(1, -1, 1, 1) + shift.reshaped(1, -1, 1, 1)
  }
}
