// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Importance-aware and prototype-contrast learning.
///
/// A frozen source network says which of its own labels to trust, an averaged teacher gives class prototypes,
/// and the student learns from both.
/// Source: Cao, Zhang, Lu, Xiao, Yang, Wang, IEEE T-IV 2024, arXiv 2306.01598.
public final class IAPC: LearningMethod {
  public let learner: StudentLearner
  /// The averaged network whose features make the prototypes.
  public var teacher: (any Segmenter)? { average }
  private let average: any Segmenter
  private let source: any Segmenter
  private let settings: IAPCSettings
  private let precision: Precision
  private let objective: IAPCObjective
  private var classWeights: ClassWeights
  private var shareBalance: ShareBalance?
  private var prototypes: Prototypes

  /// - `network`: the source network; it becomes the student, copies of it the frozen source and the teacher.
  /// - `source`: another network to take importance from, which nothing changes; a sealed copy of `network` by
  ///   default.
  /// - `peers`: the processes that each take a part of every batch; nil for a process by itself. All have the same
  ///   network.
  public init(
    _ network: any Segmenter, _ settings: IAPCSettings, learning: LearningSettings = LearningSettings(),
    source: (any Segmenter)? = nil, peers: Peers? = nil
  ) {
    average = network.frozenCopy()
    self.source = source ?? network.sealedCopy()
    self.settings = settings
    precision = learning.precision
    objective = IAPCObjective(settings: settings)
    learner = StudentLearner(network, learning, peers: peers)
    classWeights = ClassWeights(
      classCount: network.classCount, rarePixels: settings.rarePixels, rareWeight: settings.rareWeight)
    shareBalance = settings.classBalance == .shares ? ShareBalance(classCount: network.classCount) : nil
    prototypes = Prototypes(
      settings.prototypes, classCount: network.classCount, decay: settings.prototypeDecay)
  }

  private var clock: PhaseClock? { learner.clock }
  private var group: ProcessGroup? { learner.peers?.group }

  public func prepare(_ images: TargetImages) throws {
    if objective.needsPrototypes, prototypes.needsWholeSet {
      try prototypes.fill(from: source, images, over: group)
    }
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    if !learner.isAsBefore {
      clock.measure("average") { average.store.follow(student.store, keep: settings.teacherDecay) }
    }
    let before = (classWeights, shareBalance, prototypes)
    var weights: Tensor?
    var report = learner.step(
      learningRate: learningRate, undo: { (classWeights, shareBalance, prototypes) = before },
      after: { if settings.statisticsPass, student.hasBatchStatistics { statisticsPass(batch) } }
    ) {
      let found = loss(of: batch)
      weights = found.classWeights
      return found.loss
    }
    report.classWeights = (weights?.scalars(as: Float.self) ?? []).map(Double.init)
    return report
  }

  private func statisticsPass(_ batch: TargetBatch) {
    clock.measure("statistics") {
      withoutGradients { _ = student(batch.images, .training, in: precision) }
    }
  }

  /// The loss of a batch, and the weights of the classes in it.
  private func loss(of batch: TargetBatch) -> (loss: StepLoss, classWeights: Tensor) {
    let (judge, means) = withoutGradients {
      (
        objective.needsSource ? sourceLogits(batch) : nil,
        objective.needsPrototypes ? stepPrototypes(batch) : nil
      )
    }
    let view = withoutGradients { hardened(batch, judge) }
    let prediction = learner.predict(view.images)
    let shape = view.labels.shape
    let counts = LabelCounts(view.labels, over: group)
    let weights = weights(of: prediction.logits, counts, pixels: shape[1] * shape[2])
    let loss = clock.measure("objective") {
      (group == nil ? objective : objective.forPart(counts)).loss(
        IAPCObjective.Predictions(
          student: prediction.logits, source: view.judge, labels: view.labels,
          classWeights: weights.to(student.store.device),
          similarities: means.map { similarities(prediction.features, $0, settings.prototypeLayout) }))
    }
    return (group.map { loss.added(over: $0, names: objective.names) } ?? loss, weights)
  }

  /// What each class weighs in a step, given the student's logits and the counts of its labels.
  private func weights(of logits: Tensor, _ labels: LabelCounts, pixels: Int) -> Tensor {
    guard shareBalance != nil else { return classWeights.update(labels, pixels: pixels) }
    let won = LabelCounts(logits.detached().argmax(1), over: group)
    return shareBalance?.update(labels: labels, predictions: won) ?? .ones([student.classCount])
  }

  /// What the student sees and learns from: the strong view, mixed and masked where that is asked for.
  private func hardened(
    _ batch: TargetBatch, _ judge: Tensor?
  ) -> (images: Tensor, labels: Tensor, judge: Tensor?) {
    var (images, labels, judge) = (batch.augmented, batch.pseudoLabels, judge)
    let mixing = settings.mixing
    guard mixing.classes || mixing.masked > 0 else { return (images, labels, judge) }
    clock.measure("mixing") {
      if mixing.classes {
        let mix = ClassMix(labels, seeds: batch.seeds)
        (images, judge) = (mix(images), judge.map { mix($0.resized(toMatch: labels)) })
        labels = mix.labels(labels)
      }
      if mixing.masked > 0 {
        let side = mixing.patch ?? max(1, min(images.shape[2], images.shape[3]) / 15)
        images = PatchMask(ratio: mixing.masked, patch: side)(images, seeds: batch.seeds)
      }
    }
    return (images, labels, judge)
  }

  private func sourceLogits(_ batch: TargetBatch) -> Tensor {
    clock.measure("source") { source(batch.scaled, .evaluation, in: precision).logits }
  }

  private func stepPrototypes(_ batch: TargetBatch) -> Tensor {
    let size = (height: batch.pseudoLabels.shape[1], width: batch.pseudoLabels.shape[2])
    guard prototypes.needsTeacher else { return prototypes.update(nil) }
    let mode = settings.teacherNorm == .batch ? Mode.batchStatistics : .evaluation
    let seen = clock.measure("teacher") { average(batch.images, mode, in: precision) }
    return clock.measure("prototypes") { prototypes.update(seen, at: size, over: group) }
  }

  // MARK: State

  public var state: [(name: String, tensor: StoredTensor)] {
    var all = learner.state + average.store.state.under("teacher.")
    all.append(("classWeights.often", classWeights.often.stored))
    all += shareBalance?.state ?? []
    if let bank = prototypes.bank { all.append(("prototypes.bank", bank.stored)) }
    if let seen = prototypes.seen { all.append(("prototypes.seen", seen.stored)) }
    return all
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    for report in [learner.load(state), average.store.load(state.part("teacher."))] where !report.isExact {
      return report
    }
    func stored(_ name: String) -> Tensor? { state.first { $0.name == name }.map { Tensor($0.tensor) } }
    guard let often = stored("classWeights.often") else { return LoadReport(missing: ["classWeights.often"]) }
    classWeights.restore(often: often)
    if let report = shareBalance?.load(state), !report.isExact { return report }
    let device = student.store.device
    prototypes.restore(
      bank: stored("prototypes.bank")?.to(device), seen: stored("prototypes.seen")?.to(device))
    return LoadReport()
  }
}
