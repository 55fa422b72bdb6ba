// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Convolutions without bias, each with its normalisation and activation, one after another, and what is added
/// before the last activation: the block of a residual network.
///
/// Shapes: [N, in, H, W] -> [N, out, H', W']. Without gradients each result is normalised where it stands; with
/// them the input, the result and the convolutions' results but the last are kept, and the backward pass computes
/// the rest again. In a sealed network the normalisations are folded into the convolutions at the first
/// evaluation, and the parameters are let go.
public final class ConvolutionChain {
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
    /// Nothing.
    case none
    /// The chain's input, of the output's shape.
    case input
    /// The chain's input through a stage of its own.
    case projection(Stage)
  }

  private enum Form {
    /// The stages, that of the shortcut last where there is one.
    case stages([Stage])
    case frozen([FrozenStage])
  }

  private let store: ParameterStore
  private let count: Int
  private let addsInput: Bool
  private var form: Form

  /// - `store`: where the stages declared their tensors.
  public init(in store: ParameterStore, _ stages: [Stage], shortcut: Shortcut = .none) {
    guard !stages.isEmpty else { fatalError("a chain needs a stage") }
    self.store = store
    count = stages.count
    if case .input = shortcut { addsInput = true } else { addsInput = false }
    if case .projection(let side) = shortcut {
      form = .stages(stages + [side])
    } else {
      form = .stages(stages)
    }
  }

  /// What the chain makes of a batch: [N, in, H, W] -> [N, out, h, w].
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch form {
    case .stages(let all) where store.isSealed && mode == .evaluation && LayerForm.current == .fused:
      return runFreezing(all, x)
    case .stages(let all): return run(all, x, mode)
    case .frozen(let all):
      guard mode == .evaluation else {
        fatalError("a sealed network only evaluates, it was asked for \(mode)")
      }
      return run(all, x)
    }
  }

  private func run(_ all: [Stage], _ x: Tensor, _ mode: Mode) -> Tensor {
    for stage in all { stage.norm.count(mode) }
    return withExtendedLifetime(all) {
      let raw = all.map { $0.raw(mode) }
      return raw.withUnsafeBufferPointer { buffer in
        let side = all.count > count ? buffer.baseAddress.map { $0 + count } : nil
        return x.unary("convolutionChain") { out, x in
          ct_conv_chain(out, x, buffer.baseAddress, count, side, addsInput)
        }
      }
    }
  }

  // MARK: A sealed network

  /// A convolution with its normalisation folded in.
  private struct FrozenStage {
    let weight, bias: Tensor
    let window: Window
    let rectifies: Bool

    /// - `x`: what the stage is put to.
    init(_ stage: Stage, like x: Tensor) {
      var bias: OpaquePointer?
      var raw = stage.raw(.evaluation)
      weight = must("freezeStage", x) { out in
        withExtendedLifetime(stage) { x.handle.lend { ct_freeze_stage(out, &bias, &raw, $0) } }
      }
      guard let bias else { fatalError("freezeStage gave no bias") }
      self.bias = Tensor(owning: bias)
      window = stage.convolution.window
      rectifies = raw.norm.activation == CT_RELU
    }
  }

  /// Folds stage by stage, since each is laid out for the size of its input.
  private func runFreezing(_ all: [Stage], _ x: Tensor) -> Tensor {
    var (frozen, a) = ([FrozenStage](), x)
    for stage in all.prefix(count) {
      frozen.append(FrozenStage(stage, like: a))
      if frozen.count < count { a = run([frozen[frozen.count - 1]], upTo: 1, addsInput: false, a) }
    }
    frozen += all.dropFirst(count).map { FrozenStage($0, like: x) }
    form = .frozen(frozen)
    return run(frozen, x)
  }

  private func run(_ all: [FrozenStage], _ x: Tensor) -> Tensor {
    run(all, upTo: count, addsInput: addsInput, x)
  }

  private func run(_ all: [FrozenStage], upTo count: Int, addsInput: Bool, _ x: Tensor) -> Tensor {
    withExtendedLifetime(all) {
      let raw = all.map { stage in
        ct_frozen_stage(
          weight: stage.weight.handle.lend { $0 }, bias: stage.bias.handle.lend { $0 },
          window: stage.window.raw, rectifies: stage.rectifies)
      }
      return raw.withUnsafeBufferPointer { buffer in
        let side = all.count > count ? buffer.baseAddress.map { $0 + count } : nil
        return x.unary("frozenChain") { out, x in
          ct_frozen_chain(out, x, buffer.baseAddress, count, side, addsInput)
        }
      }
    }
  }
}

extension ConvolutionChain.Stage {
  /// The stage as C takes it; good while the stage lives.
  fileprivate func raw(_ mode: Mode) -> ct_conv_norm {
    ct_conv_norm(
      weight: convolution.weight.handle.lend { $0 }, window: convolution.window.raw, norm: norm.raw(mode))
  }
}
