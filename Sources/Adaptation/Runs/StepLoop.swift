// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// Whether a run begins or goes on.
public enum RunStart: Sendable {
  case new(overwrite: Bool)
  case resume
}

/// The steps of a run: each is logged, checkpoints are kept, and where a loss is no number or the user asks to
/// end, the run ends with what is good saved.
struct StepLoop {
  typealias State = [(name: String, tensor: StoredTensor)]

  /// What the steps are called: "adapt".
  let name: String
  let folder: RunFolder
  let observer: RunObserver
  let steps: Int
  let checkpointEvery: Int
  let checkpointKeep: Int

  /// Takes over the newest checkpoint of a run that goes on.
  ///
  /// - Returns: the number of steps done.
  func restore(_ start: RunStart, _ load: (State) -> LoadReport) throws -> Int {
    guard case .resume = start, let found = try folder.newest() else { return 0 }
    for problem in found.skipped { observer.note("passed over a damaged checkpoint: \(problem)") }
    let report = load(found.state)
    guard report.isExact else {
      throw Problem(
        "cannot resume the run", at: folder.checkpoints, because: "its checkpoint has \(report.summary)",
        remedy: "start a new run")
    }
    observer.note("resumed after step \(found.step)")
    return found.step
  }

  /// Runs the steps that are left.
  ///
  /// - `state`: everything that later steps depend on.
  /// - `body`: one step, by its index from 0.
  /// - `after`: what follows a step once it is logged, by its number from 1; where the user ends that, the
  ///   step is saved first.
  /// - Returns: the seconds that the steps took.
  func run(
    from done: Int, state: () -> State, _ body: (Int) throws -> StepRecord,
    after: (Int) throws -> Void = { _ in }
  ) throws -> Double {
    let log = try MetricsLog(folder.metrics, keeping: done)
    var (seconds, saved) = (0.0, done)
    func save(_ step: Int) throws {
      guard saved != step else { return }
      try folder.save(state(), step: step, keep: checkpointKeep)
      saved = step
    }
    observer.begin(name, steps)
    observer.advance(done)
    for step in (done..<max(done, steps)).map({ $0 + 1 }) {
      let record = try body(step - 1)
      try guardFinite(record, saved: saved)
      seconds += record.seconds
      try log.append(record)
      observer.step(record)
      let signal = observer.stopSignal()
      if step % checkpointEvery == 0 || step == steps || signal != nil { try save(step) }
      if let signal, step < steps { throw Interruption(signal: signal, resumable: folder.path) }
      do { try after(step) } catch let stop as Interruption {
        try save(step)
        throw Interruption(signal: stop.signal, resumable: folder.path)
      }
    }
    return seconds
  }

  private func guardFinite(_ record: StepRecord, saved: Int) throws {
    guard !record.report.total.isFinite else { return }
    let terms = record.report.terms.filter { !$0.value.isFinite }.map(\.name).joined(separator: ", ")
    let images = record.images.isEmpty ? "" : ", images \(record.images.joined(separator: ", "))"
    throw Problem(
      "the loss is no longer a number", at: "step \(record.step), \(terms)\(images)",
      because: "the last good checkpoint is of step \(saved)",
      remedy: "lower --learning-rate, or check the images")
  }
}

extension StepLoop.State {
  /// The entries whose names begin with a prefix, without it.
  func part(_ prefix: String) -> StepLoop.State {
    filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
  }
}
