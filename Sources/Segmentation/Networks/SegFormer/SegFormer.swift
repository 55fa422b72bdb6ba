// SPDX-License-Identifier: Apache-2.0

import Torch

/// SegFormer: a transformer of four stages without positions, and a head of linear layers.
///
/// Shapes: [N, 3, H, W], H and W at least 29 -> logits [N, C, h, w] and features [N, 256 or 768, h, w] at stride 4, the
/// fused map under the classifier. Stochastic depth and the head's dropout are left out: adaptation takes few steps
/// from trained weights, and each must be repeatable.
/// Source: Xie, Wang, Yu, Anandkumar, Alvarez, Luo, NeurIPS 2021, arXiv 2105.15203. Entries are named as the
/// `transformers` package names them.
public final class SegFormer: Segmenter {
  /// The variant that it is.
  public let description: Description
  public let store: ParameterStore
  public let outputStride = 4
  public let sizeMultiple = 1
  /// Keys of the first stage stand for 8 x 8 tokens, of 4 x 4 pixels each, and there is one key at least.
  public let leastSide = 29
  public let normalisation: Normalisation

  private let encoder: SegFormerEncoder
  private let head: SegFormerHead

  /// A network whose parameters the seed draws, until weights are loaded.
  public init(
    _ description: Description, normalisation: Normalisation = .imageNet, device: Device = .cpu,
    seed: UInt64 = 0
  ) {
    self.description = description
    self.normalisation = normalisation
    store = ParameterStore(device: device, seed: seed)
    encoder = SegFormerEncoder(Scope(store) / "segformer" / "encoder", description)
    head = SegFormerHead(Scope(store) / "decode_head", description)
  }

  public var name: String { "segformer-\(description.size.rawValue)" }
  public var variant: String {
    let branch = description.branch == .linear ? "" : ", mmseg's head"
    return "\(variantText); \(description.outputs) outputs\(branch)"
  }
  public var variantText: String { description.variantText }
  public var classCount: Int { description.outputs }

  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    head(encoder(images), mode)
  }

  public func isHead(_ parameter: String) -> Bool { parameter.hasPrefix("decode_head.") }

  public func isNormalisation(_ parameter: String) -> Bool {
    parameter.split(separator: ".").contains { $0.hasPrefix("layer_norm") || $0 == "batch_norm" }
  }

  public func state(in form: WeightsForm) -> [(name: String, tensor: StoredTensor)] {
    SegFormerDialect(rawValue: form.dialect).map { SegFormerReading.packed(store.state, $0) } ?? store.state
  }

  public func copy() -> SegFormer {
    let twin = SegFormer(description, normalisation: normalisation, device: store.device)
    twin.store.copy(from: store)
    return twin
  }
}

/// Maps of all stages, made one of the size of the first.
///
/// Shapes: four maps [N, D, h, w], each half as high and wide as the one before -> logits and features at the first
/// one's size.
private struct SegFormerHead {
  private struct Branch {
    let projection: Linear
    let norm: BatchNorm?

    func callAsFunction(_ map: Tensor, _ mode: Mode) -> Tensor {
      let projected = projection(map.asTokens()).asMap(like: map)
      return norm?(projected, mode) ?? projected
    }
  }

  private let branches: [Branch]
  private let fusion, classifier: Convolution
  private let norm: BatchNorm
  private let lastFirst: Bool

  init(_ scope: Scope, _ description: SegFormer.Description) {
    let (size, counts) = (description.size, description.counters)
    let (width, isPlain) = (size.decoder, description.branch == .linear)
    branches = size.widths.enumerated().map { index, input in
      let place = scope / "linear_c" / index
      return Branch(
        projection: Linear(place / "proj", input, width, bias: isPlain),
        norm: isPlain
          ? nil : BatchNorm(place / "batch_norm", width, countsBatches: counts, activation: .relu))
    }
    fusion = Convolution(scope / "linear_fuse", 4 * width, width, kernel: 1)
    norm = BatchNorm(scope / "batch_norm", width, countsBatches: counts, activation: .relu)
    classifier = Convolution(scope / "classifier", width, description.outputs, kernel: 1, bias: true)
    lastFirst = isPlain
  }

  func callAsFunction(_ maps: [Tensor], _ mode: Mode) -> Prediction {
    let projected = zip(branches, maps).map { branch, map in
      let own = branch(map, mode)
      return map.shape[2...] == maps[0].shape[2...]
        ? own : own.resizedBilinear(like: maps[0], alignCorners: false)
    }
    let features = norm(
      fusion(Tensor.concatenated(lastFirst ? projected.reversed() : projected, along: 1)), mode)
    return Prediction(logits: classifier(features), features: features)
  }
}
