// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A run of `train`: labelled images in, the weights of a source network out.
public struct SourceTrainer {
  /// What a run of training found.
  public struct Result: Sendable {
    /// The highest score on the validation images; nil without any.
    public let best: TrainingScore?
    /// Seconds that the steps took.
    public let seconds: Double
    /// Seconds that the steps waited for data.
    public let waited: Double
  }

  private var settings: TrainingSettings
  private let observer: RunObserver
  private let command: [String]
  private let folder: RunFolder
  private let loop: StepLoop
  /// What the run may take.
  public var resources = Resources.ofThisMachine
  /// The processes that run it together; nil for a process by itself.
  private let peers: Peers?
  /// Whether this process writes what the run leaves.
  private var isWriter: Bool { peers.isFirst }

  /// A training that has yet to start.
  ///
  /// - `command`: what the manifest tells as the command.
  /// - `observer`: who hears of progress, and can end the run.
  public init(
    _ settings: TrainingSettings, command: [String] = [], observer: RunObserver = RunObserver(),
    peers: Peers? = nil
  ) {
    self.peers = peers
    self.settings = settings
    self.settings.horizon = settings.horizon ?? settings.steps
    self.command = command
    self.observer = observer
    folder = RunFolder(settings.output)
    loop = StepLoop(self.settings, folder, observer, peers: peers)
  }

  /// Runs to the end and leaves the last weights, and the best where there are validation images.
  ///
  /// - Throws: `Problem`; `Interruption` where the user ended it, with everything saved.
  @discardableResult
  public func run(_ start: RunStart) throws -> Result {
    try settings.check()
    var lock = isWriter ? try folder.locked(for: start, note: observer.note) : nil
    defer { lock?.release() }
    if isWriter { try folder.checkSteps(settings.steps, start) }
    if settings.threads > 0 { Machine.threads = settings.threads } else { peers?.shareCores() }
    Machine.flushDenormals(true)
    let data = try trainingData()
    let validation = try validationData(data.space)
    let (network, origin) = try makeNetwork(data.space)
    try network.checkInput(settings.crop, "--crop")
    try network.checkStatistics(
      of: settings.crop, count: settings.batch, at: "--crop \(settings.crop), --batch \(settings.batch)")
    if let size = settings.size { try network.checkLeast(size, "--size") }
    let views = try settings.makeViews()
    let scorer = try validation.map {
      try Evaluator(
        Predictor(network, PredictionSettings(size: settings.size)), classes: data.space, data: $0)
    }
    if case .new = start { try check([data] + (validation.map { [$0] } ?? [])) }
    let sampling = try rareClasses(data)
    if isWriter { try tellPlan(network, data, validation, start) }
    let learner = SupervisedLearner(
      network, settings, classWeights: try classWeights(data), peers: peers)
    try begin(start, data, validation, origin, &lock)
    let done = try loop.restore(start, learner.load)
    var keeper =
      isWriter
      ? try TrainingKeeper(
        learner.network, data.space, scorer, validation?.count ?? 0, folder,
        observer.stoppableIfAlone(peers), settings,
        from: done.step) : nil
    let times: (Double, Double)
    do {
      let order = BatchOrder(
        count: data.count, batchSize: settings.batch, seed: settings.seed,
        part: peers.map { $0.part(of: settings.batch) })
      let loader = data.loader(
        views, order, workers: settings.workers, replacing: settings.mostUnreadable, rareClasses: sampling)
      times = try steps(learner, loader.startingAt(done.step), &keeper, from: done)
    } catch let stop as Interruption {
      try keeper?.save("last")
      throw stop
    }
    try peers?.finish()
    try keeper?.save("last")
    return Result(best: keeper?.best, seconds: times.0, waited: times.1)
  }

  // MARK: Parts of a run

  /// The training images, with their labels told in the classes that the network learns.
  private func trainingData() throws -> LabelledImages {
    let found = try settings.source.labelled(defaultSpace: .cityscapes19)
    let classes = try settings.classes.map(LabelSpace.named) ?? found.images.space.learned
    if found.missing > 0 { observer.note("\(found.missing) images of \(found.name) are missing") }
    for line in found.images.leftOut.lines { observer.note("left out: \(line)") }
    return try found.images.told(in: classes)
  }

  private func validationData(_ space: LabelSpace) throws -> LabelledImages? {
    guard !settings.validation.isEmpty else { return nil }
    var source = settings.validation
    source.missingOption = "--set validation.allow_missing=on"
    source.exifOrientation = settings.source.exifOrientation
    return try source.labelled(defaultSpace: space).images
  }

  /// Reads every pair before long work begins.
  private func check(_ sets: [LabelledImages]) throws {
    for pairs in sets {
      try pairs.checkPairs(shouldStop: { observer.stopSignal() != nil })
      try observer.checkStop()
    }
  }

  private func tellPlan(
    _ network: any Segmenter, _ data: LabelledImages, _ validation: LabelledImages?, _ start: RunStart
  ) throws {
    guard let first = data.entries.first else { return }
    let image = try first.image.readSize()
    let scored = try validation.flatMap { set in
      try set.entries.first.map { (set.count, try $0.image.readSize()) }
    }
    let run = PlannedRun(
      folder: folder, start: start, observer: observer, resources: resources, policy: settings.plan,
      peers: peers)
    // Gradients and one moment or two.
    let copies = settings.optimizer == .sgd ? 2 : 3
    try run.tell(network, copies: copies, crop: settings.crop, { settings.probe(network) }) { cost in
      settings.runPlan(cost, network, image: image, validation: scored, run)
    }
  }

  private func makeNetwork(_ space: LabelSpace) throws -> (any Segmenter, Manifest.Weights) {
    let device = try Device.named(settings.device)
    if let file = settings.weightsFile {
      let loaded = try NetworkFile.load(
        file, family: settings.network, classes: space.text, variant: settings.variant,
        normalisation: settings.normalisation, device: device)
      return (loaded.network, Manifest.Weights(loaded))
    }
    let family = try NetworkFamily.named(settings.network)
    let network = try family.fresh(
      BuildRequest(
        classCount: space.count,
        normalisation: try settings.normalisation.map(Normalisation.named) ?? .imageNet,
        variant: try freshVariant(of: family), device: device, seed: settings.seed))
    var origin = Manifest.Weights(network, classes: space)
    if let backbone = settings.backbone {
      (origin.file, origin.sha256) = (
        backbone, try FileHash.sha256(ofFile: NetworkFile.weightsFile(backbone))
      )
      let report = try NetworkFile.initialise(network, from: backbone)
      observer.note(
        "\(backbone): took \(report.taken.count) entries, \(report.fresh.count) start fresh, "
          + "\(report.unused.count) of the file are not used")
    }
    return (network, origin)
  }

  /// What is said of a fresh network, with an auxiliary classifier where its loss counts.
  private func freshVariant(of family: NetworkFamily) throws -> VariantText {
    let said = settings.variant ?? ""
    let adds = settings.auxiliaryWeight > 0 && family.canHaveAuxiliary && !said.contains("auxiliary")
    return try VariantText(
      [said, adds ? "auxiliary=true" : ""].filter { !$0.isEmpty }.joined(separator: ","))
  }

  /// Makes the folder of a new run; a run that goes on must be of the same data and weights.
  private func begin(
    _ start: RunStart, _ data: LabelledImages, _ validation: LabelledImages?, _ origin: Manifest.Weights,
    _ lock: inout RunLock?
  ) throws {
    let own = try Manifest.Labelled(data, settings.source, checkStop: observer.checkStop)
    let manifest = Manifest(
      .train, origin, images: own.images, labels: own.labels,
      validation: try validation.map {
        try Manifest.Labelled($0, settings.validation, checkStop: observer.checkStop)
      }, settings: TrainingSettings.table.values(of: settings), seed: settings.seed,
      device: try Device.named(settings.device), command: command)
    try peers?.checkAgreement(manifest.facts(TrainingSettings.self))
    try peers?.checkShares(ofBatch: settings.batch)
    guard isWriter else { return }
    guard case .new(let overwrite) = start else {
      let before = try Manifest.read(folder.manifest)
      try manifest.checkUnchanged(since: before, at: folder.path, TrainingSettings.self)
      if let note = manifest.otherMachine(than: before) { observer.note(note) }
      return
    }
    lock = try lock ?? RunLock(folder.path, note: observer.note)
    try folder.prepare(overwrite: overwrite) {
      try manifest.write(to: folder.manifest)
      try AtomicFile.write(
        ConfigFile.text(
          TrainingSettings.table.values(of: settings), heading: "The settings of this training, resolved."),
        to: folder.config)
    }
  }

  private func steps(
    _ learner: SupervisedLearner, _ loader: BatchLoader<ReadableSample<SupervisedSample>>,
    _ keeper: inout TrainingKeeper?, from done: RunProgress
  ) throws -> (seconds: Double, waited: Double) {
    defer { loader.stop() }
    let unreadable = UnreadableFiles(most: settings.mostUnreadable, observer: observer)
    // A score that a stop cut short.
    try keeper?.score(ifDueAfter: done.step)
    let store = learner.network.store
    let normGroup = settings.syncBatchnorm ? peers?.group : nil
    let seconds = try loop.run(
      from: done, state: { learner.state }, parameters: { store.parameters.map(\.tensor) }
    ) { step in
      let samples = try unreadable.samples(of: loader.next())
      let record = ProcessGroup.sharingNormalisation(over: normGroup) { learner.step(samples, step) }
      if !record.report.isApplied { try peers?.check() }
      return record
    } after: { step in
      try keeper?.score(ifDueAfter: step)
    }
    if isWriter { try loop.board.addOthers(upTo: settings.steps) }
    return (seconds, loader.secondsWaited)
  }

  private func rareClasses(_ data: LabelledImages) throws -> RareClassSampling? {
    guard settings.rareClasses.sampling else { return nil }
    let statistics = try data.classStatistics(shouldStop: { observer.stopSignal() != nil })
    try observer.checkStop()
    return try RareClassSampling(
      statistics, temperature: settings.rareClasses.temperature, pixels: settings.rareClasses.pixels)
  }

  /// The weight of each class from its share of the pixels, over at most 200 evenly chosen label images.
  private func classWeights(_ data: LabelledImages) throws -> Tensor? {
    guard settings.classWeights == .logarithmic else { return nil }
    var counts = [Int](repeating: 0, count: 256)
    for index in stride(from: 0, to: data.count, by: max(1, data.count / 200)) {
      let label = try data.space.read(data.entries[index].labelPath)
      for (value, pixels) in label.counts(in: label.size.bounds).enumerated() { counts[value] += pixels }
    }
    let known = counts.prefix(data.space.count)
    let total = Double(max(1, known.reduce(0, +)))
    return Tensor(known.map { Float(1 / log(1.1 + Double($0) / total)) }, shape: [data.space.count])
  }
}
