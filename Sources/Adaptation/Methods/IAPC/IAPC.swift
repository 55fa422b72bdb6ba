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
  private var type: DType { settings.precision.type }
  private let optimizer: SGD
  private var classWeights: ClassWeights
  private var prototypes: Prototypes
  /// Whether the teacher has followed the student as it stands: so after a step that was not applied.
  private var teacherIsCurrent = false

  /// - `network`: the source network; it becomes the student, copies of it the frozen source and the teacher.
  /// - `source`: another frozen network to take importance from; a copy of `network` by default.
  public init(_ network: any Segmenter, _ settings: IAPCSettings, source: (any Segmenter)? = nil) {
    student = network
    teacher = network.copy()
    self.source = source ?? network.copy()
    self.settings = settings
    objective = IAPCObjective(settings: settings)
    teacher.store.setTrainable(false)
    self.source.store.setTrainable(false)
    student.store.setTrainable(true)
    student.freezeNormalisation()
    optimizer = SGD(
      student.parameterGroups(headScale: settings.headScale, bodyUpdates: settings.backboneUpdates),
      SGD.Settings(momentum: settings.momentum, weightDecay: settings.weightDecay))
    classWeights = ClassWeights(
      classCount: network.classCount, rarePixels: settings.rarePixels, rareWeight: settings.rareWeight)
    prototypes = Prototypes(
      settings.prototypes, classCount: network.classCount, decay: settings.prototypeDecay)
  }

  public func prepare(_ images: TargetImages) throws {
    if objective.needsPrototypes, prototypes.needsWholeSet { try prototypes.fill(from: source, images) }
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    if !teacherIsCurrent { teacher.store.follow(student.store, keep: settings.teacherDecay) }
    let before = (
      statistics: BufferCopy(of: student.store), classWeights: classWeights, prototypes: prototypes
    )
    let (terms, weights) = losses(batch)
    let (norm, isApplied) = learn(terms.map(\.term), learningRate)
    teacherIsCurrent = !isApplied
    if isApplied {
      if settings.statisticsPass { withoutGradients { _ = student(batch.images, .training, computing: type) } }
    } else {
      before.statistics.restore()
      (classWeights, prototypes) = (before.classWeights, before.prototypes)
    }
    let values = terms.map { (name: $0.name, value: $0.term.item) }
    return StepReport(
      total: values.reduce(0) { $0 + $1.value }, terms: values,
      classWeights: weights.scalars(as: Float.self).map(Double.init), gradientNorm: norm, isApplied: isApplied
    )
  }

  /// The terms of the loss of a batch, and the weights of the classes in it.
  private func losses(_ batch: TargetBatch) -> (terms: [(name: String, term: Tensor)], classWeights: Tensor) {
    let (height, width) = (batch.pseudoLabels.shape[1], batch.pseudoLabels.shape[2])
    func atCrop(_ logits: Tensor) -> Tensor {
      logits.shape[2] == height && logits.shape[3] == width
        ? logits : logits.resizedBilinear(height: height, width: width)
    }
    let (importance, means) = withoutGradients {
      (
        objective.needsSource
          ? importanceMap(atCrop(source(batch.scaled, .evaluation, computing: type).logits), settings.importance) : nil,
        objective.needsPrototypes ? stepPrototypes(batch.images, atCrop) : nil
      )
    }
    let prediction = student(batch.augmented, .training, computing: type)
    let weights = classWeights.update(batch.pseudoLabels)
    let terms = objective(
      IAPCObjective.Inputs(
        student: atCrop(prediction.logits), importance: importance, labels: batch.pseudoLabels,
        classWeights: weights.to(student.store.device),
        similarities: means.map { similarities(prediction.features, $0, settings.prototypeLayout) }))
    return (terms, weights)
  }

  private func stepPrototypes(_ images: Tensor, _ atCrop: (Tensor) -> Tensor) -> Tensor {
    guard prototypes.needsTeacher else { return prototypes.update(nil) }
    let mode = settings.teacherNorm == .batch ? Mode.batchStatistics : .evaluation
    let seen = teacher(images, mode, computing: type)
    return prototypes.update(Prediction(logits: atCrop(seen.logits), features: seen.features))
  }

  private func learn(_ terms: [Tensor], _ learningRate: Double) -> (gradientNorm: Double, isApplied: Bool) {
    guard let first = terms.first else { return (0, true) }
    return optimizer.minimize(terms.dropFirst().reduce(first, +), learningRate: learningRate)
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
