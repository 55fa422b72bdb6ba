// SPDX-License-Identifier: Apache-2.0

import Torch

/// ESPNetv2: an encoder of depth-wise dilated pyramids, with a decoder of efficient pyramid pooling.
///
/// Shapes: [N, 3, H, W], H and W multiples of 16 -> logits [N, C, H, W] and features [N, 48, H / 8, W / 8], the decoder's
/// map at stride 8.
/// Source: Mehta, Rastegari, Shapiro, Hajishirzi, CVPR 2019, arXiv 1811.11431; the decoder is that of the authors' later
/// code, which the published weights fit. Entries are named as those weights name them.
public final class ESPNetv2: Segmenter {
  /// What differs between published weights; all of it is read off a checkpoint.
  public struct Description: Equatable, Sendable {
    /// The published widths, by the paper's scale s of the number of channels.
    public enum Size: String, Sendable, CaseIterable {
      /// 80 thousand parameters.
      case half = "0.5"
      /// 234 thousand.
      case one = "1.0"
      /// 468 thousand.
      case oneAndHalf = "1.5"
      /// 789 thousand.
      case two = "2.0"
    }

    /// The widths.
    public var size: Size
    /// Channels of the classifier, a void output included.
    public var outputs: Int
    /// Whether the normalisations count batches.
    public var counters = true

    /// The decoder's pyramids have half as many channels as there are outputs.
    public static let fewestOutputs = 2

    /// The network of a size with a classifier of so many outputs.
    public init(_ size: Size = .two, outputs: Int) {
      (self.size, self.outputs) = (size, outputs)
    }
  }

  public let name = "espnetv2"
  /// The variant that it is.
  public let description: Description
  public let store: ParameterStore
  public let classCount: Int
  public let outputStride = 8
  public let coarsestStride = 16
  public let sizeMultiple = 16
  public let normalisation: Normalisation

  private let encoder: ESPNetv2Encoder
  private let decoder: ESPNetv2Decoder

  /// - `classCount`: outputs to use; a last one beyond them is void and dropped.
  public init(
    _ description: Description, classCount: Int, normalisation: Normalisation = .imageNet,
    device: Device = .cpu, seed: UInt64 = 0
  ) {
    guard classCount == description.outputs || classCount == description.outputs - 1 else {
      fatalError("\(description.outputs) outputs cannot serve \(classCount) classes")
    }
    guard description.outputs >= Description.fewestOutputs else {
      fatalError("ESPNetv2 needs at least \(Description.fewestOutputs) outputs, got \(description.outputs)")
    }
    self.description = description
    self.classCount = classCount
    self.normalisation = normalisation
    store = ParameterStore(device: device, seed: seed)
    let root = Scope(store)
    encoder = ESPNetv2Encoder(root / "base_net", description)
    decoder = ESPNetv2Decoder(root, description)
  }

  public var variant: String { "s = \(description.size.rawValue), \(description.outputs) outputs" }

  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    let (scores, features) = decoder(encoder(images, mode), mode)
    let dropsVoid = classCount < description.outputs
    let used = dropsVoid ? scores.slice(0..<classCount, along: 1) : scores
    return Prediction(logits: used.resizedBilinear(like: images), features: features)
  }

  public func isHead(_ parameter: String) -> Bool { parameter.hasPrefix("bu_dec_l4.merge_layer.3.") }

  public func isNormalisation(_ parameter: String) -> Bool {
    guard let point = parameter.lastIndex(of: ".") else { return false }
    return store["\(parameter[..<point]).running_mean"] != nil
  }

  public func copy() -> ESPNetv2 {
    let twin = ESPNetv2(
      description, classCount: classCount, normalisation: normalisation, device: store.device)
    twin.store.copy(from: store)
    return twin
  }
}

extension ESPNetv2.Description {
  /// Channels of the encoder's maps at strides 2, 4, 8 and 16.
  var widths: [Int] {
    switch size {
    case .half: [16, 32, 64, 128]
    case .one: [32, 64, 128, 256]
    case .oneAndHalf: [32, 96, 192, 384]
    case .two: [32, 128, 256, 512]
    }
  }

  /// Channels inside the decoder's pyramids.
  var pyramid: Int { min(outputs / 2, 16) }
}
