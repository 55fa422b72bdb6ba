// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `kill -9`: the work since the last checkpoint is lost, and nothing else.
@Suite struct KillTests {
  static func job(workers: Int) throws -> Job { try .adapt(steps: 60, checkpointEvery: 5, workers: workers) }

  private static let undisturbed = Result { try KilledRun.Undisturbed(job(workers: 1)) }
  private static let oneStep = Result { try Trial(.adapt(steps: 1, checkpointEvery: 1)) }

  /// Whether a file holds no setting, such as the number of workers.
  private func isResult(_ name: String) -> Bool {
    !["config.yaml", "manifest.json", "report.html"].contains { name.hasSuffix($0) }
  }

  @Test("Two runs of one seed leave the same bytes, whatever the number of workers")
  func sameTwice() throws {
    let first = try KillTests.undisturbed.get().content
    let second = try KilledRun.Undisturbed(KillTests.job(workers: 1)).content
    #expect(differences(first, second) == [])
    let other = try KilledRun.Undisturbed(KillTests.job(workers: 3)).content
    #expect(differences(first, other).filter(isResult) == [])
  }

  @Test("A run that was killed ten times at random ends as one that never was", arguments: [1, 3])
  func random(_ workers: Int) throws {
    let whole = try KillTests.undisturbed.get()
    var run = try KilledRun(KillTests.job(workers: workers))
    try run.killAtRandom(10, within: whole.seconds / 2, seed: UInt64(workers))
    let end = try run.finish()
    #expect(differences(whole.content, end).filter { workers == 1 || isResult($0) } == [])
    for kill in run.kills { #expect(kill.lostSteps <= 5, "\(kill.phase)") }
  }

  @Test(
    "A run that was killed inside of writes and between them ends as one that never was",
    .enabled(if: Fault.obstacle == nil, Comment(rawValue: Fault.obstacle ?? "")))
  func insideWrites() throws {
    var run = try KilledRun(KillTests.job(workers: 1))
    try run.kill(at: [
      Fault(kind: .tear, call: "write", path: "*/cache/*", number: 3),
      Fault(kind: .kill, call: "rename", path: "*/cache/pseudo-labels/????????????????????????????????"),
      Fault(kind: .tear, call: "write", path: "*/checkpoints/.step-000005.*", number: 2),
      Fault(kind: .kill, call: "rename", path: "*/checkpoints/.step-000005.*"),
      Fault(kind: .after, call: "rename", path: "*/checkpoints/.step-000010.*"),
      Fault(kind: .tear, call: "write", path: "*/metrics.jsonl", number: 4),
      Fault(kind: .kill, call: "unlink", path: "*/checkpoints/step-*"),
      Fault(kind: .kill, call: "fsync", path: "*/checkpoints/.step-000060.*"),
      Fault(kind: .tear, call: "write", path: "*/run/.adapted.safetensors.*", number: 3),
      Fault(kind: .kill, call: "rename", path: "*/run/.adapted.pth.*"),
    ])
    let end = try run.finish()
    #expect(differences(try KillTests.undisturbed.get().content, end) == [])
    for kill in run.kills { #expect(kill.lostSteps <= 5, "\(kill.phase)") }
  }

  @Test(
    "A run that is killed while its folder is made is begun anew by the command that began it",
    .enabled(if: Fault.obstacle == nil, Comment(rawValue: Fault.obstacle ?? "")),
    arguments: [
      Fault(kind: .after, call: "mkdir", path: "*/run"),
      Fault(kind: .after, call: "mkdir", path: "*/run/checkpoints"),
      Fault(kind: .tear, call: "write", path: "*/.manifest.json.*"),
      Fault(kind: .after, call: "rename", path: "*/run/manifest.json"),
      Fault(kind: .kill, call: "rename", path: "*/run/config.yaml"),
    ])
  func youngFolder(_ fault: Fault) throws {
    let trial = try KillTests.oneStep.get()
    let verdict = try trial.run(fault)
    #expect(verdict.call != nil)
    #expect(verdict.complaints == [])
    #expect(!verdict.replaced, "the same command should do; it asked for --overwrite")
  }
}

/// The names of files that are in one folder only, or differ.
func differences(_ one: [String: Data], _ other: [String: Data]) -> [String] {
  Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.map(withoutMarks).sorted()
}
