// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Self-training: a network's own sure labels are its truth, round by round.
///
/// Each round's labels are those of the network as the round began. They are taken where a class is surer than
/// its own threshold, below which all but a portion of its pixels lie (`balanced`), or than one threshold for all.
/// Thresholds follow the confidences of the batches, where the published code goes through all images before
/// each round.
/// Source: Zou, Yu, Kumar, Wang 2018 (CBST), ECCV, equation 5: the class is that of the largest probability over
/// its threshold. 20 % of the pixels at first, 5 % more each round, at most 50 %.
public final class SelfTraining: LearningMethod {
  /// The choices of the method.
  public struct Settings: Equatable, Sendable {
    /// Whether each class has a threshold of its own.
    public var balanced = true
    /// The one threshold of `balanced: off`.
    public var threshold = 0.9
    /// The portion of each class's pixels that is taken in the first round.
    public var portion = 0.2
    /// What it grows by each round.
    public var portionStep = 0.05
    /// What it grows to.
    public var portionMost = 0.5
    /// Steps of a round.
    public var round = 100

    /// The published choices.
    public init() {}
  }

  public let learner: StudentLearner
  private let settings: Settings
  private let precision: Precision
  private var labeller: any Segmenter
  private var steps = 0
  /// [C, bins]: how often each class was predicted with each confidence, fading.
  private var confidences: Tensor

  private static let bins = 200
  private static let fading = 0.99

  /// - `network`: becomes the student.
  public init(
    _ network: any Segmenter, _ settings: Settings = Settings(),
    learning: LearningSettings = LearningSettings()
  ) {
    (self.settings, precision) = (settings, learning.precision)
    labeller = network.frozenCopy()
    learner = StudentLearner(network, learning)
    confidences = .zeros([network.classCount, Self.bins])
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    let before = confidences
    if steps > 0, steps % settings.round == 0, !learner.isAsBefore {
      labeller.store.copy(from: student.store)
    }
    let labels = withoutGradients {
      let seen = labeller(batch.scaled, .evaluation, in: precision).logits
      return self.labels(seen.resized(toMatch: batch.pseudoLabels).softmax(1))
    }
    let report = learner.step(learningRate: learningRate, undo: { confidences = before }) {
      let logits = learner.predict(batch.augmented).logits
      return StepLoss([("ce", crossEntropy(logits.resized(toMatch: labels), labels))])
    }
    if report.isApplied { steps += 1 }
    return report
  }

  /// The portion of pixels that is taken now.
  private var portion: Double {
    min(settings.portionMost, settings.portion + settings.portionStep * Double(steps / settings.round))
  }

  private func labels(_ probabilities: Tensor) -> Tensor {
    guard settings.balanced else {
      let best = probabilities.largest(1, along: 1)
      let shape = probabilities.shape
      return best.indices.replaced(
        where: best.values.isLess(than: settings.threshold), with: Double(ignoredLabel)
      ).reshaped(shape[0], shape[2], shape[3])
    }
    confidences = Self.fading * confidences + Self.histogram(of: probabilities, bins: Self.bins)
    let thresholds = Self.thresholds(confidences, portion: portion).to(probabilities.device)
    return Self.balancedLabels(probabilities, thresholds: thresholds)
  }

  // MARK: The terms

  /// How often each class is predicted with each confidence. Shapes: [N, C, H, W] -> [C, bins], on the CPU.
  package static func histogram(of probabilities: Tensor, bins: Int) -> Tensor {
    let classCount = probabilities.shape[1]
    let best = probabilities.largest(1, along: 1)
    // Certainty itself belongs to the last bin.
    let bin = (best.values * Double(bins)).to(.int64).to(.float64).clamped(to: Double(bins - 1))
    let index = best.indices.to(.float64) * Double(bins) + bin
    return index.to(.int64).reshaped(index.elementCount).histogram(bins: classCount * bins).to(
      .float32, on: .cpu
    )
    .reshaped(classCount, bins)
  }

  /// The confidence above which a portion of each class's pixels lies, to the width of a bin; 1 for a class
  /// without a pixel. Shapes: [C, bins] -> [C].
  package static func thresholds(_ histogram: Tensor, portion: Double) -> Tensor {
    let (classCount, bins) = (histogram.shape[0], histogram.shape[1])
    let counts = histogram.scalars(as: Float.self)
    let found = (0..<classCount).map { c -> Float in
      let row = counts[c * bins..<(c + 1) * bins]
      let wanted = Float(portion) * row.reduce(0, +)
      guard wanted > 0 else { return 1 }
      var above: Float = 0
      for bin in (0..<bins).reversed() {
        above += row[row.startIndex + bin]
        if above >= wanted { return max(Float(bin), 0.5) / Float(bins) }
      }
      return 1 / Float(bins)
    }
    return Tensor(found, shape: [classCount])
  }

  /// The class of the largest probability over its threshold, ignored where that is below 1.
  /// Shapes: [N, C, H, W], [C] -> int64 [N, H, W].
  package static func balancedLabels(_ probabilities: Tensor, thresholds: Tensor) -> Tensor {
    let shape = probabilities.shape
    let best = (probabilities / thresholds.reshaped(1, shape[1], 1, 1)).largest(1, along: 1)
    return best.indices.replaced(where: best.values.isLess(than: 1), with: Double(ignoredLabel))
      .reshaped(shape[0], shape[2], shape[3])
  }

  // MARK: State

  public var state: [(name: String, tensor: StoredTensor)] {
    learner.state + labeller.store.state.under("labeller.")
      + [("steps", Tensor([Int64(steps)], shape: [1]).stored), ("confidences", confidences.stored)]
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    for report in [learner.load(state), labeller.store.load(state.part("labeller."))] where !report.isExact {
      return report
    }
    guard let steps = state.tensor("steps"), let confidences = state.tensor("confidences") else {
      return LoadReport(missing: ["steps"])
    }
    self.steps = Int(steps.scalars(as: Int64.self)[0])
    self.confidences = confidences
    return LoadReport()
  }
}
