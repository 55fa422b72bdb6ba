// SPDX-License-Identifier: Apache-2.0

import Torch

/// ESPNet: a small encoder of spatial pyramids of dilated convolutions, with a light decoder.
///
/// Shapes: [N, 3, H, W], H and W multiples of 8 -> logits [N, C, H, W], features [N, 256, H / 8, W / 8].
/// Source: Mehta, Rastegari, Caspi, Shapiro, Hajishirzi, ECCV 2018, arXiv 1803.06815.
public final class ESPNet: Segmenter {
  /// What differs between published weights; all of it is read off a checkpoint.
  public struct Description: Equatable, Sendable {
    /// Pyramid blocks at stride 4.
    public var p: Int
    /// Pyramid blocks at stride 8.
    public var q: Int
    /// Channels of the classifiers, a void output included.
    public var outputs: Int
    /// Channels of the stride-2 map that the decoder sees again: 16 from `level1`, 19 from `b1`.
    public var skip: Int

    /// The decoder's pyramid splits the outputs' channels in five.
    public static let fewestOutputs = 5

    /// A network of these depths, p at stride 4 and q at stride 8.
    public init(p: Int = 2, q: Int = 3, outputs: Int, skip: Int = 16) {
      self.p = p
      self.q = q
      self.outputs = outputs
      self.skip = skip
    }
  }

  public let name = "espnet"
  /// The variant that it is.
  public let description: Description
  public let store: ParameterStore
  public let classCount: Int
  public let outputStride = 8
  public let sizeMultiple = 8
  public let normalisation: Normalisation

  private let encoder: ESPEncoder
  private let decoder: ESPDecoder

  /// - `classCount`: outputs to use; a last one beyond them is void and dropped.
  public init(
    _ description: Description, classCount: Int, normalisation: Normalisation = .espnetCityscapes,
    device: Device = .cpu, seed: UInt64 = 0
  ) {
    guard classCount == description.outputs || classCount == description.outputs - 1 else {
      fatalError("\(description.outputs) outputs cannot serve \(classCount) classes")
    }
    guard description.outputs >= Description.fewestOutputs else {
      fatalError("ESPNet needs at least \(Description.fewestOutputs) outputs, got \(description.outputs)")
    }
    self.description = description
    self.classCount = classCount
    self.normalisation = normalisation
    store = ParameterStore(device: device, seed: seed)
    let root = Scope(store)
    encoder = ESPEncoder(root / "encoder", description)
    decoder = ESPDecoder(root, description)
  }

  public var variant: String {
    "p = \(description.p), q = \(description.q), \(description.outputs) outputs, skip of \(description.skip) channels"
  }

  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    let maps = encoder(images, mode)
    let logits = decoder(maps, mode)
    let dropsVoid = classCount < description.outputs
    return Prediction(
      logits: dropsVoid ? logits.slice(0..<classCount, along: 1) : logits, features: maps.stride8)
  }

  public func isHead(_ parameter: String) -> Bool {
    parameter.hasPrefix("classifier.") || parameter.hasPrefix("encoder.classifier.")
  }

  public func isNormalisation(_ parameter: String) -> Bool {
    let parts = parameter.split(separator: ".")
    guard parts.count > 1 else { return false }
    return parts[parts.count - 2] == "bn" || parts[parts.count - 2] == "br"
  }

  public func copy() -> ESPNet {
    let twin = ESPNet(description, classCount: classCount, normalisation: normalisation, device: store.device)
    twin.store.copy(from: store)
    return twin
  }
}
