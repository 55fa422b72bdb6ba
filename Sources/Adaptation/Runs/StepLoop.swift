// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// Whether a run begins or goes on.
public enum RunStart: Sendable {
  /// Begins; what is in the folder is refused, or replaced where `overwrite` says so.
  case new(overwrite: Bool)
  /// Goes on from the newest intact checkpoint.
  case resume
}

/// The steps of a run: each is logged, checkpoints are kept, and where too many losses or gradients are no
/// number or the user asks to end, the run ends with what is good saved.
package struct StepLoop {
  package typealias State = [(name: String, tensor: StoredTensor)]

  private let job: RunJob
  private let folder: RunFolder
  private let observer: RunObserver
  /// Writes as soon as the run is restored.
  let board: RunBoard
  private let steps, checkpointKeep: Int
  private let interval: CheckpointInterval
  private let notFinite: NotFinite
  /// Skipped steps in a row that the run outlives.
  private let mostSkipped: Int
  /// The processes that take each step together; nil for a process by itself.
  private let peers: Peers?
  /// The step whose checkpoint stays however many are newer, after so many steps; nil for none. It is asked
  /// anew after each step's end, and the checkpoint of that very step is then written.
  package var kept: (Int) -> Int? = { _ in nil }

  package init(
    _ settings: some RunSettings, _ folder: RunFolder, _ observer: RunObserver, peers: Peers? = nil
  ) {
    self.peers = peers
    job = type(of: settings).job
    self.folder = folder
    self.observer = observer
    board = RunBoard(folder)
    interval = CheckpointInterval(asked: settings.checkpointEvery, steps: settings.steps)
    (steps, checkpointKeep, notFinite) = (settings.steps, settings.checkpointKeep, settings.notFinite)
    mostSkipped = settings.mostSkipped
  }

  /// Takes over the newest intact checkpoint of a run that goes on, and takes away what a kill left.
  ///
  /// - Returns: how far the run is.
  package func restore(_ start: RunStart, _ load: (State) -> LoadReport) throws -> RunProgress {
    let progress = if case .resume = start { try restore(load) } else { RunProgress() }
    if isWriter { try board.open(after: progress.step) }
    return progress
  }

  /// Whether this process writes what the run leaves.
  private var isWriter: Bool { peers.isFirst }

  private func restore(_ load: (State) -> LoadReport) throws -> RunProgress {
    if isWriter { folder.removeTemporaries() }
    let stored = isWriter ? try folder.newest() : nil
    let found = stored.map { ($0.progress, $0.state) }
    guard let (progress, state) = try peers.map({ try $0.shared(found) }) ?? found else {
      return RunProgress()
    }
    for note in stored?.notes ?? [] { observer.note(note) }
    let report = load(state)
    guard report.isExact else {
      throw Problem(
        "cannot resume the run", at: folder.checkpoints, because: "its checkpoint has \(report.summary)",
        remedy: "start a new run")
    }
    if let stored {
      // Else they would count among the checkpoints that are kept.
      for path in stored.damaged { try? FileManager.default.removeItem(atPath: path) }
      // A kill may have come between a save and this.
      folder.dropOld(keeping: checkpointKeep, and: kept(progress.step))
    }
    observer.note("resumed after step \(progress.step)")
    return progress
  }

  /// Runs the steps that are left.
  ///
  /// - `state`: everything that later steps depend on; nil where that cannot be told.
  /// - `parameters`: what all processes have alike, which is compared wherever a checkpoint is due.
  /// - `body`: one step, by its index from 0.
  /// - `after`: what follows a step once it is logged, by its number from 1; where the user ends that, the
  ///   step is saved first.
  /// - Returns: the seconds that the steps took.
  package func run(
    from start: RunProgress, state: @escaping () -> State?, parameters: () -> [Tensor] = { [] },
    _ body: (Int) throws -> StepRecord, after: (Int) throws -> Void = { _ in }
  ) throws -> Double {
    let log = isWriter ? try MetricsLog(folder.metrics, keeping: start.step) : nil
    let keeper = StepKeeper(
      folder, log, board, keep: (checkpointKeep, kept), from: start, state, peers, saved: observer.checkpoint)
    if let gap = log?.gap { observer.note(gap) }
    observer.run(folder, start.step, steps)
    observer.begin(job.rawValue, steps)
    observer.advance(start.step)
    let seconds = try FailedComputation.rescuing {
      keeper.rescue(job, isUndone: $0)
    } _: {
      try run(keeper, parameters, body, after)
    }
    let (step, skipped) = (keeper.progress.step, keeper.progress.skipped)
    if skipped > 0 { observer.note("skipped \(skipped) of \(step) steps") }
    return seconds
  }

  /// The steps that are left, and what follows each.
  private func run(
    _ keeper: StepKeeper, _ parameters: () -> [Tensor], _ body: (Int) throws -> StepRecord,
    _ after: (Int) throws -> Void
  ) throws -> Double {
    var seconds = 0.0
    while keeper.progress.step < steps {
      let record = try keeper.savingOnFailure {
        keeper.isStepping = true
        let record = try body(keeper.progress.step)
        keeper.isStepping = false
        try checkTaken(record, keeper)
        return record
      }
      seconds += record.seconds
      try keeper.add(record)
      observer.step(record)
      let step = keeper.progress.step
      let asked = (signal: observer.stopSignal(), saves: interval.isDue(after: step, last: keeper.last))
      let (signal, saves) = peers.map { $0.agree(on: asked) } ?? asked
      if saves || step == steps || signal != nil {
        if let peers {
          let all = try keeper.savingOnFailure { try peers.fingerprints(of: parameters()) }
          try peers.checkReplicas(all)
        }
        try keeper.save()
      }
      if let signal, step < steps { throw Interruption(signal: signal, resumable: folder.path) }
      do { try keeper.savingOnFailure { try after(step) } } catch let stop as Interruption {
        try keeper.save()
        throw Interruption(signal: stop.signal, resumable: folder.path)
      }
      if kept(step) == step { try keeper.save() }
    }
    return seconds
  }

  /// Ends the run at a step that was not taken, unless it may be skipped.
  private func checkTaken(_ record: StepRecord, _ keeper: StepKeeper) throws {
    guard !record.report.isApplied else { return }
    let skipped = keeper.progress.skippedInARow
    if notFinite == .skip, skipped < mostSkipped {
      return observer.note("skipped \(record.place): its \(record.whatIsNoNumber) is no number")
    }
    try? keeper.save()
    let good =
      keeper.saved > 0 ? "the last good checkpoint is of step \(keeper.saved)" : "no step before it was good"
    let before = "the \(skipped) steps before it were skipped, and runtime.max_skipped is \(mostSkipped); "
    let goOn = "go on with --resume \(folder.path) --set runtime.on_nan=skip, "
    throw Problem(
      "the \(record.whatIsNoNumber) is no longer a number", at: record.place,
      because: (notFinite == .skip ? before : "") + good,
      remedy: "check the images, \(notFinite == .skip ? "" : goOn)or start anew with a lower --learning-rate")
  }
}

/// What of a run's steps is on the disk: their lines at once, the state they led to now and then.
private final class StepKeeper {
  /// nil in a process that writes nothing.
  private let log: MetricsLog?
  private let board: RunBoard
  private(set) var progress: RunProgress
  /// The step of the newest checkpoint; 0 without one.
  private(set) var saved: Int
  /// Whether a step stands half-done.
  var isStepping = false
  private var savedAt = ContinuousClock.now
  /// The newest checkpoint, and how old it is; without one the beginning.
  var last: (step: Int, seconds: Double) { (saved, (ContinuousClock.now - savedAt).seconds) }
  private let folder: RunFolder
  /// How many checkpoints, and the step of another one.
  private let keep: (newest: Int, step: (Int) -> Int?)
  private let state: () -> StepLoop.State?
  private let peers: Peers?
  /// Hears of each checkpoint, by its step and file.
  private let tell: (Int, String) -> Void

  init(
    _ folder: RunFolder, _ log: MetricsLog?, _ board: RunBoard, keep: (newest: Int, step: (Int) -> Int?),
    from start: RunProgress, _ state: @escaping () -> StepLoop.State?, _ peers: Peers?,
    saved tell: @escaping (Int, String) -> Void
  ) {
    self.tell = tell
    (self.folder, self.log, self.board, self.keep, self.state) = (folder, log, board, keep, state)
    (self.peers, progress, saved) = (peers, start, start.step)
  }

  func add(_ record: StepRecord) throws {
    progress.count(isApplied: record.report.isApplied)
    guard let log else { return }
    try log.append(record)
    try board.add(record)
  }

  /// Writes a checkpoint, unless there is one of this step, and drops old ones.
  func save() throws {
    guard let log else { return }
    let kept = keep.step(progress.step)
    guard saved != progress.step else { return folder.dropOld(keeping: keep.newest, and: kept) }
    // After a power cut no checkpoint should be of more steps than there are lines.
    try log.settle()
    try board.settle()
    guard let state = state() else { return }
    try folder.save(state, after: progress, keep: keep.newest, and: kept)
    (saved, savedAt) = (progress.step, .now)
    tell(saved, folder.checkpoint(saved))
  }

  /// Saves the steps so far where the computation failed, unless the last one stands half-done; says what is kept.
  ///
  /// - `isUndone`: whether what the step had changed was taken back.
  func rescue(_ job: RunJob, isUndone: Bool) -> FailedComputation.Kept? {
    if !isStepping || isUndone { try? save() }
    guard saved > 0 else { return nil }
    return .afterStep(saved, of: job, in: folder)
  }

  /// Writes a checkpoint in the place of the process that used to, which is lost; drops none.
  private func saveForTheLost() throws {
    guard log == nil, let peers, peers.isFirstAlive, progress.step > saved, let state = state(),
      FileManager.default.fileExists(atPath: folder.manifest)
    else { return }
    // The first process's lock went with it, and another run may have the folder by now.
    let lock = try RunLock(folder.path) { _ in }
    defer { lock.release() }
    try folder.save(state, after: progress, keep: .max)
  }

  /// Runs the body; where it fails, the steps before are saved first, if that can be.
  func savingOnFailure<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      try? save()
      if error is PeerFailure { try? saveForTheLost() }
      throw error
    }
  }
}

extension FailedComputation.Kept {
  /// The checkpoint of a run.
  static func afterStep(_ step: Int, of job: RunJob, in folder: RunFolder) -> Self {
    Self("the state after step \(step) is saved", command: "iapc \(job) --resume \(folder.path)")
  }
}

extension StepRecord {
  /// The step, what of it is no number, and its images where they are known.
  fileprivate var place: String { (["step \(step)"] + report.notFinite + images).joined(separator: ", ") }

  fileprivate var whatIsNoNumber: String { report.notFinite == ["gradient"] ? "gradient" : "loss" }
}

extension StepLoop.State {
  /// The tensor of a name.
  func tensor(_ name: String) -> Tensor? { first { $0.name == name }.map { Tensor($0.tensor) } }

  /// The entries with a prefix before their names.
  func under(_ prefix: String) -> StepLoop.State { map { (prefix + $0.name, $0.tensor) } }

  /// The entries whose names begin with a prefix, without it.
  func part(_ prefix: String) -> StepLoop.State {
    filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
  }
}
