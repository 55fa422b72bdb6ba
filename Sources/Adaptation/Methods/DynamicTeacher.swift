// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Self-training from a teacher that follows when the student has become better, not at every step.
///
/// Whether it has is told without a label: on the images of the steps since, the student's predictions are denser in
/// neighbours than they were when it saw them (soft neighbourhood density). Each class's labels count above a
/// threshold that rises as the class becomes sure; classes that the teacher rules out are pushed down. The published
/// code pastes rare classes of other images into each, chosen by how consistently they were learnt; here half of the
/// classes of the neighbour in the batch are pasted.
/// Source: Zhao et al. 2023, "Towards Better Stability and Adaptability: Improve Online Self-Training for Model
/// Adaptation in Semantic Segmentation" (DT-ST), CVPR, and the authors' released code; thresholds of Araslanov and
/// Roth 2021 (DA-SAC), CVPR, equation 6.
public final class DynamicTeacher: LearningMethod {
  /// The choices of the method.
  public struct Settings: Equatable, Sendable {
    /// Share of the old teacher when it follows.
    public var teacherDecay = 0.99
    /// Steps before the student is first compared with what it was, between comparisons, and at most.
    public var (first, every, most) = (9, 3, 30)
    /// Of the classes that the teacher rules out.
    public var negative = 0.5
    /// Whether classes are pasted.
    public var mixing = true
    /// Positions of each image that are compared.
    public var positions = 100

    /// The published choices.
    public init() {}
  }

  /// What the student said of a step's images, and of which positions.
  private struct Look {
    let image, positions: Tensor
    let density: Double
  }

  public let learner: StudentLearner
  /// The network that labels.
  public var teacher: (any Segmenter)? { average }
  private let average: any Segmenter
  private let settings: Settings
  private let precision: Precision
  private var looks: [Look] = []
  /// The mean probability of each class so far, [C].
  private var running: Tensor

  /// How fast thresholds rise, their factor and their floor; the share of the old mean.
  private static let (rise, factor, floor, keep) = (0.001, 0.75, 0.2, 0.99)

  /// - `network`: the source network; it becomes the student.
  public init(
    _ network: any Segmenter, _ settings: Settings = Settings(),
    learning: LearningSettings = LearningSettings()
  ) {
    (self.settings, precision) = (settings, learning.precision)
    average = network.frozenCopy()
    learner = StudentLearner(network, learning)
    running = Tensor.full(Self.rise, [network.classCount]).to(network.store.device)
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    let before = (running: running, looks: looks)
    withoutGradients { looks.append(look(batch)) }
    let probabilities = withoutGradients {
      average(batch.scaled, .evaluation, in: precision).logits.resized(toMatch: batch.pseudoLabels).softmax(1)
    }
    running = Self.keep * running + (1 - Self.keep) * probabilities.mean(0, 2, 3)
    let report = learner.step(learningRate: learningRate, undo: { (running, looks) = before }) {
      StepLoss(loss(batch, probabilities))
    }
    if report.isApplied { withoutGradients { followIfBetter() } }
    return report
  }

  private func loss(_ batch: TargetBatch, _ probabilities: Tensor) -> [(name: String, term: Tensor)] {
    var (images, teaching) = (batch.augmented, probabilities)
    var labels = Self.labels(
      probabilities, running: running, rise: Self.rise, factor: Self.factor, floor: Self.floor)
    if settings.mixing {
      let mix = withoutGradients { ClassMix(labels, seeds: batch.seeds) }
      (images, teaching, labels) = (mix(images), mix(teaching), mix.labels(labels))
    }
    let logits = learner.predict(images).logits.resized(toMatch: labels)
    return [
      ("positive", crossEntropyMap(logits.logSoftmax(1), labels).mean()),
      ("negative", settings.negative * Self.negative(logits, teaching)),
    ]
  }

  // MARK: The terms

  /// The teacher's classes where they are sure enough, else ignored: a class's threshold is
  /// `factor * (1 - e^(-running / rise)) * its largest probability in the image`, at least the floor.
  /// Shapes: [N, C, H, W], [C] -> int64 [N, H, W].
  package static func labels(
    _ probabilities: Tensor, running: Tensor, rise: Double, factor: Double, floor: Double
  ) -> Tensor {
    let s = probabilities.shape
    let rows = probabilities.reshaped(s[0], s[1], s[2] * s[3])
    let largest = rows.largest(1, along: 2).values
    let discount = (factor * (1 - (running * (-1 / rise)).exp())).reshaped(1, s[1], 1)
    let thresholds = (largest * discount).clamped(from: floor)
    let best = rows.largest(1, along: 1)
    let classes = best.indices.reshaped(s[0], s[2] * s[3])
    let wanted = thresholds.reshaped(s[0], s[1]).gathering(classes, along: 1)
    let unsure = (best.values.reshaped(s[0], s[2] * s[3]) - wanted).isLess(than: 0)
    return classes.replaced(where: unsure, with: Double(ignoredLabel)).reshaped(s[0], s[2], s[3])
  }

  /// The mean over pixels and ruled-out classes, those the teacher gives at most 1 / C, of `-log(1 - p)`.
  /// Shapes: logits and teacher's probabilities [N, C, H, W] -> [].
  package static func negative(_ logits: Tensor, _ probabilities: Tensor) -> Tensor {
    let out = withoutGradients {
      probabilities.isLess(than: (1 + 1e-6) / Double(logits.shape[1])).to(.float32)
    }
    let log = (1 - logits.softmax(1)).clamped(from: 1e-7).log()
    return -(out * log).sum() / out.sum().clamped(from: 1)
  }

  // MARK: The teacher

  private func look(_ batch: TargetBatch) -> Look {
    let image = batch.images.slice(0..<1, along: 0)
    let logits = student(image, .evaluation, in: precision).logits
    let area = logits.shape[2] * logits.shape[3]
    let positions = (TensorGenerator(seed: batch.seeds[0]).uniform([settings.positions]) * Double(area))
      .to(.int64).to(image.device)
    return Look(image: image, positions: positions, density: density(logits, positions))
  }

  private func density(_ logits: Tensor, _ positions: Tensor) -> Double {
    let s = logits.shape
    let rows = logits.softmax(1).reshaped(s[1], s[2] * s[3]).selecting(positions, along: 1).permuted(1, 0)
    return softNeighbourhoodDensity(rows)
  }

  private func followIfBetter() {
    guard looks.count >= settings.first, (looks.count - settings.first) % settings.every == 0 else { return }
    let better = looks.filter {
      density(student($0.image, .evaluation, in: precision).logits, $0.positions) > $0.density
    }
    guard 2 * better.count > looks.count || looks.count > settings.most else { return }
    average.store.follow(student.store, keep: settings.teacherDecay)
    looks = []
  }

  // MARK: State

  public var state: [(name: String, tensor: StoredTensor)] {
    learner.state + average.store.state.under("teacher.")
      + [("running", running.stored)]
      + looks.enumerated().flatMap { index, look in
        [
          ("looks.\(index).image", look.image.stored), ("looks.\(index).positions", look.positions.stored),
          ("looks.\(index).density", Tensor.full(look.density, [], dtype: .float64).stored),
        ]
      }
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    for report in [learner.load(state), average.store.load(state.part("teacher."))] where !report.isExact {
      return report
    }
    guard let running = state.tensor("running") else { return LoadReport(missing: ["running"]) }
    let device = student.store.device
    self.running = running.to(device)
    looks = []
    while let image = state.tensor("looks.\(looks.count).image"),
      let positions = state.tensor("looks.\(looks.count).positions"),
      let density = state.tensor("looks.\(looks.count).density")
    {
      looks.append(Look(image: image.to(device), positions: positions.to(device), density: density.item))
    }
    return LoadReport()
  }
}
