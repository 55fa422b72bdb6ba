// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// The sum of parallel 3x3 convolutions at several dilations, each padded to keep the size: the classifier of
/// DeepLabV2.
///
/// Shapes: [N, in, H, W] -> [N, out, H, W]. With few outputs one matrix product over all taps and sums of shifted
/// maps is several times faster than the convolutions one by one.
public struct DilatedSum {
  private let branches: [Convolution]

  /// - `branches`: 3x3 convolutions with bias, padded by their dilation.
  public init(_ branches: [Convolution]) {
    for branch in branches {
      guard branch.hasBias, branch.window.stride == 1, branch.window.padding == branch.window.dilation else {
        fatalError("a dilated sum is of 3x3 convolutions with bias that keep the size")
      }
    }
    self.branches = branches
  }

  /// The sum of the branches over a batch: [N, in, H, W] -> [N, out, H, W].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    lend(branches.map(\.weight)) { weights in
      lend(branches.compactMap(\.bias)) { biases in
        branches.map(\.window.dilation).lend64 { dilations, count in
          x.unary("dilatedSum") { ct_dilated_sum($0, $1, weights, biases, dilations, count) }
        }
      }
    }
  }
}
