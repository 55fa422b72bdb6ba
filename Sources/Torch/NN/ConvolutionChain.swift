// SPDX-License-Identifier: Apache-2.0

internal import CTorch

/// Convolutions without bias, each with its normalisation and activation, one after another, and what is added
/// before the last activation: the block of a residual network.
///
/// Shapes: [N, in, H, W] -> [N, out, H', W']. Without gradients each result is normalised where it stands; with
/// them the input, the result and the convolutions' results but the last are kept, and the backward pass computes
/// the rest again.
public struct ConvolutionChain {
  /// A convolution and its normalisation.
  public struct Stage {
    let convolution: Convolution
    let norm: BatchNorm

    /// - `convolution`: one without bias and groups.
    public init(_ convolution: Convolution, _ norm: BatchNorm) {
      guard !convolution.hasBias else { fatalError("a normalised convolution needs no bias") }
      (self.convolution, self.norm) = (convolution, norm)
    }
  }

  /// What is added before the last activation.
  public enum Shortcut {
    case none
    case input
    case projection(Stage)
  }

  private let stages: [Stage]
  private let shortcut: Shortcut

  public init(_ stages: [Stage], shortcut: Shortcut = .none) {
    guard !stages.isEmpty else { fatalError("a chain needs a stage") }
    (self.stages, self.shortcut) = (stages, shortcut)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    var all = stages
    if case .projection(let side) = shortcut { all.append(side) }
    for stage in all { stage.norm.count(mode) }
    return withExtendedLifetime(all) {
      let raw = all.map { stage in
        ct_conv_norm(
          weight: stage.convolution.weight.handle.lend { $0 }, window: stage.convolution.window.raw,
          norm: stage.norm.raw(mode))
      }
      return raw.withUnsafeBufferPointer { buffer in
        let side = all.count > stages.count ? buffer.baseAddress.map { $0 + stages.count } : nil
        return x.unary("convolutionChain") { out, x in
          ct_conv_chain(out, x, buffer.baseAddress, stages.count, side, addsInput)
        }
      }
    }
  }

  private var addsInput: Bool {
    if case .input = shortcut { true } else { false }
  }
}
