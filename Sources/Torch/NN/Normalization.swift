// SPDX-License-Identifier: Apache-2.0

internal import CTorch

/// Batch normalisation over [N, C, H, W], per channel.
///
/// Source: Ioffe and Szegedy 2015. The running variance is the unbiased one, as PyTorch keeps it.
public struct BatchNorm {
  private let weight, bias, mean, variance: Tensor
  private let momentum, epsilon: Double

  /// Declares `weight`, `bias`, `running_mean` and `running_var`, each [channels].
  ///
  /// `momentum` is the share of the new batch in the running statistics.
  public init(_ scope: Scope, _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    mean = scope.buffer("running_mean", .zeros([channels]))
    variance = scope.buffer("running_var", .ones([channels]))
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let running: (Tensor?, Tensor?) = mode == .batchStatistics ? (nil, nil) : (mean, variance)
    let share = if case .estimating(let share) = mode { share } else { momentum }
    return x.binary("batchNorm", weight) { out, x, w in
      bias.handle.lend { b in
        running.0.lend { m in
          running.1.lend { v in ct_batch_norm(out, x, w, b, m, v, mode != .evaluation, share, epsilon) }
        }
      }
    }
  }
}
