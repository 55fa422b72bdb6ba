// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import Torch

/// Historical contrastive learning: what the network was before says which labels to trust, and what features of a
/// class look like.
///
/// Labels count by how far the averaged network still agrees with the source network (category discrimination);
/// each feature is drawn to the averaged network's features of its class and away from the others', sure ones
/// first (instance discrimination).
/// Source: Huang, Guan, Xiao, Lu 2021, "Model Adaptation: Historical Contrastive Learning", NeurIPS, and the
/// authors' released code: average 0.996, temperature 0.07, the second term at half, class weights as IAPC's.
public final class HCL: LearningMethod {
  /// The choices of the method.
  public struct Settings: Equatable, Sendable {
    /// Of the term of categories.
    public var category = 1.0
    /// Of the term of instances.
    public var instance = 0.5
    /// What similarities are divided by.
    public var temperature = 0.07
    /// Share of the old average at each step.
    public var teacherDecay = 0.996
    /// The weight of a rare class, and the one that an absent class moves towards.
    public var rareWeight = 7.0

    /// The published choices.
    public init() {}
  }

  public let learner: StudentLearner
  /// The averaged network: what the student was.
  public var teacher: (any Segmenter)? { average }
  private let average: any Segmenter
  private let source: any Segmenter
  private let settings: Settings
  private let precision: Precision
  private var classWeights: ClassWeights

  /// - `network`: the source network; it becomes the student.
  public init(
    _ network: any Segmenter, _ settings: Settings = Settings(),
    learning: LearningSettings = LearningSettings()
  ) {
    (self.settings, precision) = (settings, learning.precision)
    average = network.frozenCopy()
    source = network.sealedCopy()
    learner = StudentLearner(network, learning)
    classWeights = ClassWeights(
      classCount: network.classCount, rarePixels: nil, rareWeight: settings.rareWeight)
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    if !learner.isAsBefore { average.store.follow(student.store, keep: settings.teacherDecay) }
    let before = classWeights
    let (history, origin) = withoutGradients {
      (
        average(batch.scaled, .batchStatistics, in: precision),
        source(batch.scaled, .evaluation, in: precision).logits.resized(toMatch: batch.pseudoLabels)
      )
    }
    return learner.step(learningRate: learningRate, undo: { classWeights = before }) {
      let seen = learner.predict(batch.augmented)
      let weights = classWeights.update(batch.pseudoLabels).to(student.store.device)
      let past = history.logits.resized(toMatch: batch.pseudoLabels)
      var terms = [
        (
          name: "category",
          term: settings.category
            * Self.category(
              seen.logits.resized(toMatch: batch.pseudoLabels), batch.pseudoLabels, classWeights: weights,
              past: past, source: origin)
        )
      ]
      if settings.instance != 0 {
        let loss = Self.instance(
          seen.features, past: history.features, labels: batch.pseudoLabels, pastLogits: past,
          temperature: settings.temperature)
        terms.append(("instance", settings.instance * loss))
      }
      return StepLoss(terms)
    }
  }

  // MARK: The terms

  /// The mean over the pixels of `w_y CE(p, y) exp(-KL(source || past))`. Shapes: logits [N, C, H, W], labels
  /// int64 [N, H, W], class weights [C] -> [].
  package static func category(
    _ logits: Tensor, _ labels: Tensor, classWeights: Tensor, past: Tensor, source: Tensor
  ) -> Tensor {
    let trust = withoutGradients {
      let (p, q) = (source.logSoftmax(1), past.logSoftmax(1))
      return (-(p.exp() * (p - q)).sum(1)).exp()
    }
    return (crossEntropyMap(logits.logSoftmax(1), labels, classWeights: classWeights) * trust).mean()
  }

  /// The contrast of features with the averaged network's of the same image.
  ///
  /// Of feature i and past features j other than its own place: `-mean_j [y_i = y_j] log(r_j e^{s_ij} / sum_k r_k
  /// e^{s_ik})`, s the cosine over the temperature, r in 0.9 ... 1.1 the surer the higher.
  /// Shapes: features [N, D, h, w], labels int64 [N, H, W], logits of the past [N, C, H, W] -> [].
  package static func instance(
    _ features: Tensor, past: Tensor, labels: Tensor, pastLogits: Tensor, temperature: Double
  ) -> Tensor {
    let s = features.shape
    let count = s[2] * s[3]
    let (same, reliability) = withoutGradients {
      let full = labels.shape
      let grid = labels.reshaped(full[0], 1, full[1], full[2]).to(.float32)
        .resizedNearest(height: s[2], width: s[3]).reshaped(s[0], count, 1)
      let probabilities = pastLogits.softmax(1)
      let entropy =
        -(probabilities * (probabilities + 1e-30).log())
        .resizedBilinear(height: s[2], width: s[3]).sum(1) / log(Double(pastLogits.shape[1]))
      return (
        grid.equals(grid.permuted(0, 2, 1)).to(.float32), (1.1 - entropy).clamped(from: 0.9).clamped(to: 1.1)
      )
    }
    let others = 1 - Tensor.range(count, on: features.device).oneHot(classes: count)
    let weights = reliability.reshaped(s[0], 1, count)
    let cosines =
      positions(features).matmul(positions(past).permuted(0, 2, 1)) * (1 / temperature)
    // The largest cosine is at most 1: what is taken off keeps every power in range.
    let shifted = cosines - 1 / temperature
    let sums = (shifted.exp() * (others * weights)).sum(2, keepingAxes: true)
    let logs = shifted - (sums + 1e-20).log() + (weights + 1e-20).log()
    return -(same * others * logs).sum(2).mean() / Double(count)
  }

  /// Unit vectors of the positions. Shapes: [N, D, h, w] -> [N, h w, D].
  private static func positions(_ features: Tensor) -> Tensor {
    let s = features.shape
    let rows = features.reshaped(s[0], s[1], s[2] * s[3]).permuted(0, 2, 1)
    return rows / rows.norm(2, keepingAxes: true).clamped(from: 1e-12)
  }

  // MARK: State

  public var state: [(name: String, tensor: StoredTensor)] {
    learner.state + average.store.state.under("teacher.")
      + [("classWeights.often", classWeights.often.stored)]
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    for report in [learner.load(state), average.store.load(state.part("teacher."))] where !report.isExact {
      return report
    }
    guard let often = state.tensor("classWeights.often") else {
      return LoadReport(missing: ["classWeights.often"])
    }
    classWeights.restore(often: often)
    return LoadReport()
  }
}
