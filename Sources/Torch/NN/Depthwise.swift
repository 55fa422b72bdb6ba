// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// 3x3 convolutions of each channel by itself at several dilations, side by side, each padded by its dilation.
///
/// Shapes: [N, C, H, W] -> [N, branches C, H', W'], branch by branch. Over channels-last maps they are computed together.
public struct DepthwiseLadder {
  private let branches: [Convolution]
  private let dilations: [Int]
  private let stride: Int
  private let sums: Bool

  /// Declares `weight` [channels, 1, 3, 3] in each of the scopes, started as PyTorch's `Conv2d` starts it.
  ///
  /// - Parameters:
  ///   - scopes: where the weight of each branch is declared.
  ///   - channels: of the input and of each branch.
  ///   - dilations: one for each scope.
  ///   - stride: of every branch.
  ///   - sums: adds to each branch the one before, once that is complete itself.
  public init(_ scopes: [Scope], _ channels: Int, dilations: [Int], stride: Int = 1, sums: Bool = false) {
    guard scopes.count == dilations.count, !scopes.isEmpty else {
      fatalError("\(scopes.count) branches have \(dilations.count) dilations")
    }
    branches = zip(scopes, dilations).map { scope, dilation in
      Convolution(
        scope, channels, channels, kernel: 3, Window(stride: stride, padding: dilation, dilation: dilation),
        groups: channels)
    }
    (self.dilations, self.stride, self.sums) = (dilations, stride, sums)
  }

  /// The branches of a batch: [N, C, H, W] -> [N, branches C, h, w].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    lend(branches.map(\.weight)) { weights in
      dilations.lend64 { dilations, count in
        x.unary("depthwiseLadder") {
          ct_depthwise_ladder($0, $1, weights, dilations, count, Int64(stride), sums)
        }
      }
    }
  }
}

/// A 3x3 convolution that makes one channel of several that lie a map apart: channels j, C + j, 2 C + j and so on become
/// channel j.
///
/// Shapes: [N, parts C, H, W] -> [N, C, H, W]. It is a shuffle of the channels and a convolution in C groups.
public struct DepthwiseMerge {
  private let convolution: Convolution

  /// Declares `weight` [channels, parts, 3, 3], started as PyTorch's `Conv2d` starts it.
  public init(_ scope: Scope, _ channels: Int, parts: Int) {
    convolution = Convolution(
      scope, parts * channels, channels, kernel: 3, Window(padding: 1), groups: channels)
  }

  /// The merged channels of a batch: [N, parts C, H, W] -> [N, C, H, W].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.binary("depthwiseMerge", convolution.weight) { ct_depthwise_merge($0, $1, $2) }
  }
}
