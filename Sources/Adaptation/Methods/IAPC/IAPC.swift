// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Importance-aware and prototype-contrast learning.
///
/// A frozen source network says which of its own labels to trust, an averaged teacher gives class prototypes,
/// and the student learns from both.
/// Source: Cao, Zhang, Lu, Xiao, Yang, Wang, IEEE T-IV 2024, arXiv 2306.01598.
public final class IAPC: AdaptationMethod {
  public let student: any Segmenter
  /// The averaged network whose features make the prototypes.
  public let teacher: any Segmenter
  private let source: any Segmenter
  private let settings: IAPCSettings
  private let objective: IAPCObjective
  private let optimizer: SGD
  private var classWeights: ClassWeights
  private var prototypes: Prototypes
  /// The processes that share each batch; nil for a process by itself.
  private let peers: Peers?
  private let buckets: GradientBuckets?
  /// Takes the times of a step's parts, where somebody asks for them.
  package var clock: PhaseClock?
  /// Whether the teacher has followed the student as it stands: so after a step that was not applied.
  private var teacherIsCurrent = false
  /// Whether processes lost touch after an update and before what follows it: the state is that of no step.
  public private(set) var isTorn = false

  /// - `network`: the source network; it becomes the student, copies of it the frozen source and the teacher.
  /// - `source`: another network to take importance from, which nothing changes; a sealed copy of `network` by
  ///   default.
  /// - `peers`: the processes that each take a part of every batch; nil for a process by itself. All have the same
  ///   network.
  public init(
    _ network: any Segmenter, _ settings: IAPCSettings, source: (any Segmenter)? = nil, peers: Peers? = nil
  ) {
    student = network
    teacher = network.copy()
    self.source = source ?? network.sealedCopy()
    self.settings = settings
    objective = IAPCObjective(settings: settings)
    teacher.store.setTrainable(false)
    student.store.setTrainable(true)
    student.freezeNormalisation()
    optimizer = SGD(
      student.parameterGroups(headScale: settings.headScale, bodyUpdates: settings.backboneUpdates),
      SGD.Settings(momentum: settings.momentum, weightDecay: settings.weightDecay))
    classWeights = ClassWeights(
      classCount: network.classCount, rarePixels: settings.rarePixels, rareWeight: settings.rareWeight)
    prototypes = Prototypes(
      settings.prototypes, classCount: network.classCount, decay: settings.prototypeDecay)
    self.peers = peers
    let trained = optimizer.groups.flatMap(\.parameters).map(\.tensor)
    buckets = peers.map { GradientBuckets(trained, over: $0.gradients, overlaps: settings.overlap) }
  }

  public func prepare(_ images: TargetImages) throws {
    if objective.needsPrototypes, prototypes.needsWholeSet {
      try prototypes.fill(from: source, images, over: peers?.group)
    }
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    if !teacherIsCurrent {
      clock.measure("average") { teacher.store.follow(student.store, keep: settings.teacherDecay) }
    }
    let before = (
      statistics: BufferCopy(of: student.store), classWeights: classWeights, prototypes: prototypes
    )
    let (loss, weights) = loss(of: batch)
    let (norm, isApplied) = clock.measure("optimiser") {
      optimizer.minimize(loss.total, learningRate: learningRate, unless: { self.peers?.hasFailed ?? false }) {
        clock.measure("backward") { loss.backward() }
        if let buckets { clock.measure("gradients") { buckets.finish() } }
      }
    }
    teacherIsCurrent = !isApplied
    if isApplied {
      if settings.statisticsPass {
        clock.measure("statistics") {
          withoutGradients { _ = student(batch.images, .training, in: settings.precision) }
        }
        isTorn = peers?.hasFailed ?? false
      }
    } else {
      before.statistics.restore()
      (classWeights, prototypes) = (before.classWeights, before.prototypes)
    }
    return StepReport(
      total: loss.total, terms: loss.terms, classWeights: weights.scalars(as: Float.self).map(Double.init),
      gradientNorm: norm, isApplied: isApplied)
  }

  /// The loss of a batch, and the weights of the classes in it.
  private func loss(of batch: TargetBatch) -> (loss: IAPCLoss, classWeights: Tensor) {
    let (judge, means) = withoutGradients {
      (
        objective.needsSource ? sourceLogits(batch) : nil,
        objective.needsPrototypes ? stepPrototypes(batch) : nil
      )
    }
    let prediction = clock.measure("student") { student(batch.augmented, .training, in: settings.precision) }
    let shape = batch.pseudoLabels.shape
    let counts = LabelCounts(batch.pseudoLabels, over: peers?.group)
    let weights = classWeights.update(counts, pixels: shape[1] * shape[2])
    let loss = clock.measure("objective") {
      (peers == nil ? objective : objective.forPart(counts)).loss(
        IAPCObjective.Predictions(
          student: prediction.logits, source: judge, labels: batch.pseudoLabels,
          classWeights: weights.to(student.store.device),
          similarities: means.map { similarities(prediction.features, $0, settings.prototypeLayout) }))
    }
    return (peers.map { loss.added(over: $0.group, names: objective.names) } ?? loss, weights)
  }

  private func sourceLogits(_ batch: TargetBatch) -> Tensor {
    clock.measure("source") { source(batch.scaled, .evaluation, in: settings.precision).logits }
  }

  private func stepPrototypes(_ batch: TargetBatch) -> Tensor {
    let size = (height: batch.pseudoLabels.shape[1], width: batch.pseudoLabels.shape[2])
    guard prototypes.needsTeacher else { return prototypes.update(nil) }
    let mode = settings.teacherNorm == .batch ? Mode.batchStatistics : .evaluation
    let seen = clock.measure("teacher") { teacher(batch.images, mode, in: settings.precision) }
    return clock.measure("prototypes") {
      prototypes.update(seen, at: size, over: peers?.group)
    }
  }

  // MARK: State

  public var state: [(name: String, tensor: StoredTensor)] {
    var all = student.store.state.map { (name: "student.\($0.name)", tensor: $0.tensor) }
    all += teacher.store.state.map { (name: "teacher.\($0.name)", tensor: $0.tensor) }
    all += optimizer.state.map { (name: "optimizer.\($0.name)", tensor: $0.tensor) }
    all.append(("classWeights.often", classWeights.often.stored))
    if let bank = prototypes.bank { all.append(("prototypes.bank", bank.stored)) }
    if let seen = prototypes.seen { all.append(("prototypes.seen", seen.stored)) }
    if teacherIsCurrent { all.append(("teacherIsCurrent", Tensor.ones([]).stored)) }
    return all
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    for report in [
      student.store.load(state.part("student.")), teacher.store.load(state.part("teacher.")),
      optimizer.load(state.part("optimizer.")),
    ] where !report.isExact { return report }
    func stored(_ name: String) -> Tensor? { state.first { $0.name == name }.map { Tensor($0.tensor) } }
    guard let often = stored("classWeights.often") else { return LoadReport(missing: ["classWeights.often"]) }
    classWeights.restore(often: often)
    teacherIsCurrent = stored("teacherIsCurrent") != nil
    let device = student.store.device
    prototypes.restore(
      bank: stored("prototypes.bank")?.to(device), seen: stored("prototypes.seen")?.to(device))
    return LoadReport()
  }
}
