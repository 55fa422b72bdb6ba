// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A run of `adapt`: source weights and unlabelled images in, adapted weights out.
public final class AdaptationRun {
  /// Where pseudo-labels are kept between runs.
  public let cache: String
  /// Also writes each step's batch here, for comparisons with other programs.
  public var batchDump: String?
  /// What the run may take.
  public var resources = Resources.ofThisMachine
  /// The processes that run it together; nil for a process by itself.
  public var peers: Peers?

  var settings: AdaptationSettings
  private let folder: RunFolder
  /// What the network came with; nil where none of it stays, and before it is loaded.
  var sourceStatistics: SourceStatistics?
  let observer: RunObserver
  private let command: [String]
  let unreadable: UnreadableFiles

  /// A run that has yet to start.
  ///
  /// - `cache`: a folder for pseudo-labels, which later runs of the same weights and images take again.
  /// - `command`: what the manifest tells as the command.
  /// - `observer`: who hears of progress, and can end the run.
  public init(
    _ settings: AdaptationSettings, cache: String, command: [String] = [],
    observer: RunObserver = RunObserver()
  ) {
    self.settings = settings
    self.cache = cache
    self.command = command
    self.observer = observer
    folder = RunFolder(settings.output)
    unreadable = UnreadableFiles(most: settings.mostUnreadable, observer: observer)
  }

  /// Runs to the end.
  ///
  /// - Returns: seconds that the steps took and that they waited for data.
  /// - Throws: `Problem`; `Interruption` where the user ended it, with everything saved.
  @discardableResult
  public func run(_ start: RunStart) throws -> (seconds: Double, waited: Double) {
    try settings.check()
    var lock = isWriter ? try folder.locked(for: start, note: observer.note) : nil
    defer { lock?.release() }
    if isWriter { try folder.checkSteps(settings.steps, start) }
    if settings.threads > 0 { Machine.threads = settings.threads } else { peers?.shareCores() }
    Machine.flushDenormals(true)
    let images = try settings.target.imageList()
    let loaded = try settings.loadNetwork()
    try tellNotes(on: loaded, images)
    if let note = try settings.resolve(images, for: loaded.network), isWriter { observer.note(note) }
    guard let size = settings.size, let crop = settings.crop else { fatalError("sizes were resolved") }
    let views = try settings.viewSettings(size, crop, for: loaded.network)
    let imagesHash = try images.contentHash(checkStop: observer.checkStop)
    let manifest = Manifest(
      .adapt, Manifest.Weights(loaded), images: Manifest.Images(images, sha256: imagesHash),
      settings: AdaptationSettings.table.values(of: settings), seed: settings.seed,
      device: loaded.network.store.device, command: command)
    try peers?.checkAgreement(manifest.facts(AdaptationSettings.self))
    try peers?.checkShares(ofBatch: settings.batch)
    try peers?.checkMethod(settings)
    if isWriter, case .resume = start { try checkUnchanged(manifest) }
    let place = try pseudoLabelPlace(loaded, images, imagesHash, size)
    let labelsDone = !settings.method.needsPseudoLabels || place.labeler.isDone(in: place.path)
    if !labelsDone {
      // Before the long work; labels that are there were made from these very images.
      try images.checkImages(shouldStop: { observer.stopSignal() != nil })
      try observer.checkStop()
    }
    if isWriter { try tellPlan(loaded.network, images, start, toLabel: labelsDone ? 0 : place.images.count) }
    try estimateFirstStatistics(of: loaded.network, images, size)
    let labels = try pseudoLabels(images, place, of: loaded.network)
    if case .new(let overwrite) = start, isWriter {
      lock = try lock ?? RunLock(folder.path, note: observer.note)
      try create(manifest, overwrite: overwrite)
    }
    let pictures = BoardPictures(images, size, loaded.classes)
    let maker = TargetViewMaker(images: images, pseudoLabels: labels, settings: views)
    var loop = StepLoop(settings, folder, observer, peers: peers)
    let (adapted, times) = try resumably {
      // What fails after the steps leaves their last checkpoint.
      try FailedComputation.rescuing { _ in
        folder.storedSteps().first.map { FailedComputation.Kept.afterStep($0, of: .adapt, in: folder) }
      } _: {
        try adapt(loaded, images, maker, pictures, &loop, start)
      }
    }
    try peers?.finish()
    if isWriter { try save(adapted, loaded, pictures, on: loop.board) }
    return times
  }

  // MARK: Parts of a run

  /// Whether this process writes what the run leaves.
  private var isWriter: Bool { peers.isFirst }

  /// The steps that are left, and what goes with them.
  private func adapt(
    _ loaded: LoadedNetwork, _ images: ImageList, _ maker: TargetViewMaker, _ pictures: BoardPictures,
    _ loop: inout StepLoop, _ start: RunStart
  ) throws -> (adapted: any Segmenter, times: (seconds: Double, waited: Double)) {
    guard let size = settings.size else { fatalError("sizes were resolved") }
    // Before the state of a run that goes on is taken over: it looks at what the run began with.
    let watch = try selectionWatch(loaded, images)
    let endGuard = try endGuard(loaded, images, size)
    let method = settings.makeMethod(loaded.network, peers: peers)
    let adapted = method.adapted(settings.adapted)
    if let watch { loop.kept = watch.lastGood }
    let done = try loop.restore(start, method.load)
    if done.step == 0, isWriter { try loop.board.add(pictures.overlays(of: adapted), at: 0) }
    if done.step == 0 {
      try method.prepare(TargetImages(images, peers.turns(of: images.count), at: size, for: loaded.network))
    }
    try watch?.goOn(after: done.step, adapted)
    let times = try steps(of: loop, method, maker, watch, from: done)
    if settings.endsWithStatistics(for: adapted) {
      try estimateStatistics(of: adapted, images, size, keepsShare: endGuard == nil)
    }
    guard let endGuard else { return (adapted, times) }
    let (shipped, verdict) = try endGuard.choose(
      adapted, estimates: settings.endsWithStatistics(for: adapted), sourceStatistics,
      choosesShare: settings.sourceShare == nil)
    try writeJSON(verdict, to: folder.verdict)
    observer.note(verdict.note)
    return (shipped, times)
  }

  /// Writes the adapted weights, and the last of what TensorBoard shows.
  private func save(
    _ adapted: any Segmenter, _ loaded: LoadedNetwork, _ pictures: BoardPictures, on board: RunBoard
  ) throws {
    // First the module: the others are its weights alone.
    let script = adapted.program == nil ? [] : [folder.adaptedScript]
    for file in script + [folder.adaptedSafetensors, folder.adaptedPth] {
      try NetworkFile.save(adapted, classes: loaded.classes, form: loaded.form, to: file)
    }
    if loaded.pretrained != nil {
      try makeFolder(folder.adaptedFolder)
      try PretrainedFolder.write(loaded, adapted, to: folder.adaptedFolder)
    }
    try board.addOthers(upTo: settings.steps)
    try board.add(pictures.overlays(of: adapted), at: settings.steps)
  }

  private func tellNotes(on loaded: LoadedNetwork, _ images: ImageList) throws {
    let onStatistics = try settings.noteOnStatistics(of: loaded.network)
    guard isWriter else { return }
    for line in images.leftOut.lines { observer.note("left out: \(line)") }
    for note in loaded.notes { observer.note("\(loaded.file): \(note)") }
    if let onStatistics { observer.note(onStatistics) }
  }

  /// Refuses to go on with a run of other weights, images or settings.
  private func checkUnchanged(_ manifest: Manifest) throws {
    let before = try Manifest.read(folder.manifest)
    try manifest.checkUnchanged(since: before, at: folder.path, AdaptationSettings.self)
    if let note = manifest.otherMachine(than: before) { observer.note(note) }
  }

  private func tellPlan(
    _ network: any Segmenter, _ images: ImageList, _ start: RunStart, toLabel: Int
  ) throws {
    guard let crop = settings.crop, let first = images.entries.first else { return }
    let image = try first.readSize()
    let run = PlannedRun(
      folder: folder, start: start, observer: observer, resources: resources, policy: settings.plan,
      peers: peers)
    // Teacher and frozen source, momenta and gradients.
    try run.tell(network, copies: 4, crop: crop, { try settings.probe(network) }) { cost in
      settings.runPlan(
        cost, network, images: (images.count, image), toLabel: toLabel, cache: cache, run)
    }
  }

  private func create(_ manifest: Manifest, overwrite: Bool) throws {
    try folder.prepare(overwrite: overwrite) {
      try manifest.write(to: folder.manifest)
      try AtomicFile.write(
        ConfigFile.text(
          AdaptationSettings.table.values(of: settings), heading: "The settings of this run, resolved."),
        to: folder.config)
    }
  }

  /// This process's images of each batch; nil for all.
  var part: Range<Int>? { peers.map { $0.part(of: settings.batch) } }

  /// Tells of an interruption where to go on.
  private func resumably<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let stop as Interruption {
      throw Interruption(signal: stop.signal, resumable: folder.path)
    }
  }

  /// Looks at the network, which is as it is before the first step; nil where it is not to be looked at.
  private func selectionWatch(_ loaded: LoadedNetwork, _ images: ImageList) throws -> SelectionWatch? {
    guard settings.selectEvery != 0, isWriter else { return nil }
    return try SelectionWatch(
      loaded.network, loaded.classes, images, settings, sourceStatistics, folder,
      observer.stoppableIfAlone(peers))
  }

  /// What decides at the end which network is shipped; nil where that is not wanted.
  private func endGuard(_ loaded: LoadedNetwork, _ images: ImageList, _ size: PixelSize) throws -> EndGuard? {
    guard settings.guards, settings.steps > 0, isWriter else { return nil }
    let exposure = settings.exposure(for: loaded.network)
    let observer = observer.stoppableIfAlone(peers)
    return EndGuard(
      loaded.network, try ProbeImages(images, at: size, exposure, seed: settings.seed, observer), observer)
  }

  private func steps(
    of loop: StepLoop, _ method: any AdaptationMethod, _ maker: TargetViewMaker, _ watch: SelectionWatch?,
    from done: RunProgress
  ) throws -> (seconds: Double, waited: Double) {
    let stream = TargetStream(
      maker, settings, unreadable, network: method.student, startingAt: done.step, part: part)
    defer { stream.stop() }
    let schedule = settings.schedule
    let store = method.student.store
    let normGroup = settings.learning.syncBatchnorm ? peers?.group : nil
    let seconds = try loop.run(
      from: done, state: { method.isTorn ? nil : method.state },
      parameters: { store.parameters.map(\.tensor) }
    ) { step in
      let (batch, paths) = try stream.next()
      if let batchDump { try dump(batch, step + 1, to: batchDump) }
      let started = ContinuousClock.now
      let report = ProcessGroup.sharingNormalisation(over: normGroup) {
        method.step(batch, learningRate: schedule(step))
      }
      if !report.isApplied || method.isTorn { try peers?.check() }
      return StepRecord(
        step: step + 1, report: report, learningRate: schedule(step),
        seconds: (ContinuousClock.now - started).seconds, images: paths)
    } after: { step in
      try watch?.look(at: method.adapted(settings.adapted), ifDueAfter: step)
    }
    return (seconds, stream.secondsWaited)
  }

  private func dump(_ batch: TargetBatch, _ step: Int, to path: String) throws {
    try makeFolder(path)
    let name = "step_\(sixDigits(step)).safetensors"
    try batch.write(to: "\(path)/\(name)")
  }
}

extension Duration {
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
