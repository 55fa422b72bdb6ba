// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import Torch

/// Uncertainty reduction: classifiers that see the features with channels left out are to agree with the network's
/// own predictions.
///
/// Where they disagree the features are uncertain, and learn to be less so; pseudo-labels and entropy go along.
/// The published decoders are copies of DeepLabV2's classifier. Here each is a 1x1 convolution on the network's
/// feature map, for the method knows no network.
/// Source: Fleuret and Sivaprasad 2021, "Uncertainty Reduction for Model Adaptation in Semantic Segmentation",
/// CVPR, equations 3 to 6; `L = CE + entropy / log C + 0.1 * sum of squared differences' means`, 4 decoders,
/// dropout 0.5.
public final class URMA: LearningMethod {
  /// The choices of the method.
  public struct Settings: Equatable, Sendable {
    /// Of the cross-entropy with the pseudo-labels.
    public var labels = 1.0
    /// Of the entropy, over its largest value.
    public var entropy = 1.0
    /// Of the decoders' disagreement.
    public var uncertainty = 0.1
    /// Classifiers on features with channels left out.
    public var decoders = 4
    /// The probability that a channel is left out.
    public var dropout = 0.5

    /// The published choices.
    public init() {}
  }

  public let learner: StudentLearner
  private let settings: Settings
  private let decoders: ParameterStore
  private let convolutions: [Convolution]

  /// - `network`: becomes the student.
  /// - `seed`: decides what the decoders start as.
  public init(
    _ network: any Segmenter, _ settings: Settings = Settings(),
    learning: LearningSettings = LearningSettings(), seed: UInt64 = 1
  ) {
    self.settings = settings
    let store = ParameterStore(device: network.store.device, seed: seed)
    let side = network.sizeMultiple * max(1, 64 / network.sizeMultiple)
    let probe = Tensor.zeros([1, 3, side, side], on: store.device)
    let channels = withoutGradients { network(probe, .evaluation).features.shape[1] }
    convolutions = (0..<settings.decoders).map {
      Convolution(Scope(store) / $0, channels, network.classCount, kernel: 1, bias: true)
    }
    decoders = store
    let group = ParameterGroup("decoders", store.trainable, learningRateScale: learning.headScale)
    learner = StudentLearner(network, learning, beside: [group])
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    learner.step(learningRate: learningRate) {
      let seen = learner.predict(batch.augmented)
      let logits = seen.logits.resized(toMatch: batch.pseudoLabels)
      let others = convolutions.enumerated().map { index, decoder in
        decoder(seen.features * kept(seen.features, batch.seeds, decoder: index))
          .resized(toMatch: batch.pseudoLabels)
      }
      return StepLoss(Self.terms(logits, batch.pseudoLabels, others, settings))
    }
  }

  /// What channels are multiplied by: 0 where one is left out, and more than 1 elsewhere, so that the mean stays.
  /// Shapes: features [N, D, h, w] -> [N, D, 1, 1].
  private func kept(_ features: Tensor, _ seeds: [UInt64], decoder: Int) -> Tensor {
    let channels = features.shape[1]
    let parts = seeds.map { seed in
      TensorGenerator(seed: seed &+ UInt64(decoder)).uniform([1, channels, 1, 1])
        .isLess(than: settings.dropout).not().to(.float32)
    }
    return Tensor.concatenated(parts, along: 0).to(features.device) / max(1e-6, 1 - settings.dropout)
  }

  /// The terms with their weights. Shapes: logits [N, C, H, W], labels int64 [N, H, W].
  package static func terms(
    _ logits: Tensor, _ labels: Tensor, _ others: [Tensor], _ settings: Settings
  ) -> [(name: String, term: Tensor)] {
    let probabilities = logits.softmax(1)
    let certain = log(Double(logits.shape[1]))
    var terms: [(name: String, term: Tensor)] = []
    if settings.labels != 0 { terms.append(("ce", settings.labels * crossEntropy(logits, labels))) }
    if settings.entropy != 0 {
      let entropy = -(probabilities * (probabilities + 1e-10).log()).sum(1).mean()
      terms.append(("entropy", (settings.entropy / certain) * entropy))
    }
    if settings.uncertainty != 0, !others.isEmpty {
      let target = probabilities.detached()
      let apart = others.map { other in
        let difference = other.softmax(1) - target
        return (difference * difference).mean()
      }
      let sum = apart.dropFirst().reduce(apart[0]) { $0 + $1 }
      terms.append(("uncertainty", settings.uncertainty * sum))
    }
    return terms
  }

  public var state: [(name: String, tensor: StoredTensor)] {
    learner.state + decoders.state.under("decoders.")
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let report = decoders.load(state.part("decoders."))
    return report.isExact ? learner.load(state) : report
  }
}
