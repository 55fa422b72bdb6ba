// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

extension RunFolder {
  /// The newest checkpoint that is as it was written.
  package struct Found {
    package let progress: RunProgress
    package let state: [(name: String, tensor: StoredTensor)]
    /// What there is to tell about it, and about newer ones, which were passed over.
    package let notes: [String]
    /// The files that were passed over.
    let damaged: [String]
  }

  func checkpoint(_ step: Int) -> String { "\(checkpoints)/step-\(sixDigits(step)).safetensors" }

  /// The step whose checkpoint has a file name.
  static func step(ofCheckpoint name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    return Int(name.dropFirst(5).dropLast(12))
  }

  /// Stored steps, newest first.
  func storedSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    return names.compactMap(RunFolder.step(ofCheckpoint:)).sorted(by: >)
  }

  /// Refuses to go on to a step that the run is past.
  func checkSteps(_ steps: Int, _ start: RunStart) throws {
    guard case .resume = start, let done = storedSteps().first, done > steps, steps > 0 else { return }
    throw Problem(
      "cannot resume the run", at: path, because: "it has done \(done) steps, --steps asks for \(steps)",
      remedy: "ask for at least \(done), or start a new run")
  }

  /// Writes the state that the steps so far led to, sealed by a hash, and drops all but the newest `keep` and
  /// that of the step `kept`.
  package func save(
    _ state: [(name: String, tensor: StoredTensor)], after progress: RunProgress, keep: Int,
    and kept: Int? = nil
  ) throws {
    let file = Checkpoint(tensors: state, metadata: progress.metadata).sealed()
    try CheckpointFile.write(file, to: checkpoint(progress.step))
    dropOld(keeping: keep, and: kept)
  }

  /// Drops all checkpoints but the newest and that of the step `kept`.
  func dropOld(keeping keep: Int, and kept: Int? = nil) {
    for old in storedSteps().dropFirst(keep) where old != kept {
      try? FileManager.default.removeItem(atPath: checkpoint(old))
    }
  }

  /// The newest intact checkpoint; nil where there is none at all.
  ///
  /// - Throws: `Problem` where there are checkpoints and not one of them is intact.
  package func newest() throws -> Found? {
    var passedOver: [(path: String, problem: Problem)] = []
    for step in storedSteps() {
      let path = checkpoint(step)
      do {
        let (progress, file, note) = try read(path, step)
        let notes = passedOver.map { "passed over a damaged checkpoint: \($0.path): \($0.problem.why)" }
        return Found(
          progress: progress, state: file.tensors, notes: notes + (note.map { [$0] } ?? []),
          damaged: passedOver.map(\.path))
      } catch let problem as Problem {
        passedOver.append((path, problem))
      }
    }
    if let first = passedOver.first { throw first.problem }
    return nil
  }

  private func read(_ path: String, _ step: Int) throws -> (RunProgress, Checkpoint, note: String?) {
    func broken(_ why: String) -> Problem {
      Problem(
        "cannot resume the run", at: path, because: why,
        remedy: "restore the checkpoint from a copy, or start a new run")
    }
    let file = try CheckpointFile.read(path)
    // Before checkpoints were sealed, the step was all that they said.
    let isOld = file.seal == .none && file.metadata.count == 1
    guard file.seal == .intact || isOld else {
      throw broken("its content is not what was written: its SHA-256 is another")
    }
    guard let progress = RunProgress(file.metadata), progress.step == step else {
      throw broken("it is of step \(file.metadata["iapc.step"] ?? "?"), its name says \(step)")
    }
    return (progress, file, isOld ? "\(path) carries no SHA-256: it is taken unchecked" : nil)
  }

  // MARK: What a kill leaves

  /// Takes away half-written files that a killed process left in the folder of a run.
  func removeTemporaries() {
    for folder in [path, checkpoints] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for name in names {
        guard let target = AtomicFile.target(ofTemporary: name),
          RunFolder.written.contains(target) || RunFolder.step(ofCheckpoint: target) != nil
        else { continue }
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }
}
