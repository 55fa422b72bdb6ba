// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Continual test-time adaptation: an averaged teacher's predictions, averaged over views where the source network is
/// unsure, are the student's truth, and some weights go back to the source's at every step.
///
/// Source: Wang, Fink, Van Gool, Dai 2022, "Continual Test-Time Domain Adaptation", CVPR, equations 1 to 8; for
/// segmentation average 0.999, views at 0.5 to 2 of the size and mirrored where the mean confidence is below 0.69,
/// 1 % of the weights restored, Adam.
public final class CoTTA: LearningMethod {
  /// The choices of the method.
  public struct Settings: Equatable, Sendable {
    /// Share of the old teacher at each step.
    public var teacherDecay = 0.999
    /// The source network's mean confidence below which the teacher's views are averaged.
    public var threshold = 0.69
    /// The views' factors of the size; each is taken mirrored too.
    public var scales = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
    /// The share of the weights that go back to the source's.
    public var restored = 0.01

    /// The published choices.
    public init() {}
  }

  public let learner: StudentLearner
  /// The averaged network.
  public var teacher: (any Segmenter)? { average }
  private let average: any Segmenter
  private let source: any Segmenter
  private let settings: Settings
  private let precision: Precision

  /// - `network`: the source network; it becomes the student.
  public init(
    _ network: any Segmenter, _ settings: Settings = Settings(),
    learning: LearningSettings = LearningSettings()
  ) {
    (self.settings, precision) = (settings, learning.precision)
    average = network.frozenCopy()
    source = network.frozenCopy()
    learner = StudentLearner(network, learning, trained: .all)
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    let truth = withoutGradients { target(batch.images) }
    return learner.step(
      learningRate: learningRate,
      after: {
        restore(batch.seeds)
        average.store.follow(student.store, keep: settings.teacherDecay)
      }
    ) {
      StepLoss([("consistency", Self.consistency(learner.predict(batch.images).logits, truth))])
    }
  }

  /// The mean over the pixels of `-sum_c q_c log p_c`. Shapes: logits, probabilities q [N, C, h, w] -> [].
  package static func consistency(_ logits: Tensor, _ truth: Tensor) -> Tensor {
    -(truth * logits.logSoftmax(1)).sum(1).mean()
  }

  /// The teacher's probabilities, at the size of its logits.
  private func target(_ images: Tensor) -> Tensor {
    let plain = average(images, .batchStatistics, in: precision).logits
    let confidence = source(images, .batchStatistics, in: precision).logits.softmax(1)
      .largest(1, along: 1).values.mean().item
    guard confidence < settings.threshold else { return plain.softmax(1) }
    let (grid, size) = (plain.shape, images.shape)
    var sum: Tensor?
    for scale in settings.scales {
      func length(_ side: Int) -> Int { student.inputLength(nearest: Double(side) * scale) }
      let view = images.resizedBilinear(height: length(size[2]), width: length(size[3]))
      for mirrored in [false, true] {
        let seen = average(mirrored ? view.flipped(along: 3) : view, .batchStatistics, in: precision).logits
        let upright = (mirrored ? seen.flipped(along: 3) : seen).resizedBilinear(
          height: grid[2], width: grid[3]
        ).softmax(1)
        sum = sum.map { $0 + upright } ?? upright
      }
    }
    guard let sum else { return plain.softmax(1) }
    return sum / Double(2 * settings.scales.count)
  }

  /// Puts a random share of the student's weights back to the source's.
  private func restore(_ seeds: [UInt64]) {
    guard settings.restored > 0 else { return }
    let generator = TensorGenerator(seed: seeds.reduce(0, ^))
    student.store.restore(settings.restored, from: source.store, using: generator)
  }

  public var state: [(name: String, tensor: StoredTensor)] {
    learner.state + average.store.state.under("teacher.")
      + source.store.state.under("source.")
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let reports = [
      learner.load(state), average.store.load(state.part("teacher.")),
      source.store.load(state.part("source.")),
    ]
    return reports.first { !$0.isExact } ?? LoadReport()
  }
}
