// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing

/// Everything that the other tests of faults take samples of; takes an hour or so, and prints a table.
@Suite(
  .serialized,
  .enabled(if: environment("IAPC_TORTURE") != nil, "takes long: make torture"),
  .enabled(if: Fault.obstacle == nil, Comment(rawValue: Fault.obstacle ?? "")))
struct TortureTests {
  @Test("Every call that writes fails in every way, and is killed at", arguments: Job.names)
  func everyCall(_ name: String) throws {
    let trial = try Trial(Job.named(name))
    let all = trial.calls.flatMap { call in
      Fault.Kind.all(of: call.name).map { Fault(kind: $0, number: call.number) }
    }
    let step = environment("IAPC_TORTURE_EVERY") ?? 1
    let faults = stride(from: 0, to: all.count, by: step).map { all[$0] }
    let table = Guarded(FaultTable(title: "\(name): \(faults.count) faults at \(trial.calls.count) calls"))
    let next = Guarded(0)
    let width = environment("IAPC_TORTURE_JOBS") ?? 2
    DispatchQueue.concurrentPerform(iterations: width) { _ in
      while true {
        let index = next.withLock { value in
          defer { value += 1 }
          return value
        }
        guard index < faults.count else { return }
        do {
          let verdict = try trial.run(faults[index])
          table.withLock { $0.add(faults[index].kind, verdict) }
        } catch { Issue.record(error) }
      }
    }
    table.withLock { print($0.text) }
    #expect(table.withLock { $0.complaints } == [])
  }

  @Test("A run is killed forty times at random moments", arguments: [1, 3])
  func random(_ workers: Int) throws {
    let job = try Job.adapt(steps: 60, checkpointEvery: 5, workers: workers)
    let whole = try KilledRun.Undisturbed(job)
    var phases: [String: (count: Int, lost: Int)] = [:]
    for seed in 1...4 {
      var run = try KilledRun(job)
      try run.killAtRandom(10, within: whole.seconds / 2, seed: UInt64(seed))
      #expect(differences(whole.content, try run.finish()) == [])
      for kill in run.kills {
        let before = phases[kill.phase] ?? (0, 0)
        phases[kill.phase] = (before.count + 1, max(before.lost, kill.lostSteps))
      }
    }
    print("adapt, \(workers) workers: killed at random moments; each run ended with the same bytes")
    for (phase, found) in phases.sorted(by: { $0.key < $1.key }) {
      print("  \(found.count)x \(phase): at most \(found.lost) steps were done again")
    }
  }
}

/// A number in an environment variable; nil where there is none.
private func environment(_ name: String) -> Int? {
  ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
}

/// What came of faults, a line for each kind at each sort of call.
private struct FaultTable {
  private struct Row {
    var count = 0
    var said: [String: Int] = [:]
    var lostSteps = 0
    var replaced = 0
    var missed = 0
  }

  let title: String
  private var rows: [String: Row] = [:]
  private var found: [String: Int] = [:]

  init(title: String) { self.title = title }

  /// What should not have been, with how often it was.
  var complaints: [String] { found.map { "\($0.value)x \($0.key)" }.sorted() }

  mutating func add(_ kind: Fault.Kind, _ verdict: Trial.Verdict) {
    let name = "\(verdict.call?.name ?? "no call") \(kind.rawValue)"
    var row = rows[name] ?? Row()
    row.count += 1
    let words = kind.kills ? "killed" : kind.isHarmless ? "nothing" : verdict.said
    row.said[withoutFile(words), default: 0] += 1
    row.lostSteps = max(row.lostSteps, verdict.lostSteps)
    row.replaced += verdict.replaced ? 1 : 0
    row.missed += verdict.call == nil ? 1 : 0
    rows[name] = row
    for complaint in verdict.complaints {
      found["\(name), \(verdict.call?.file ?? ""): \(complaint)", default: 0] += 1
    }
  }

  var text: String {
    let lines = rows.sorted { $0.key < $1.key }.map { name, row in
      var lost = row.lostSteps == 0 ? "nothing" : "at most \(row.lostSteps) steps of work"
      if row.replaced > 0 { lost += "; \(row.replaced)x --overwrite was needed" }
      if row.missed > 0 { lost += "; \(row.missed)x never met" }
      let said = row.said.max { $0.value < $1.value }?.key ?? ""
      return "| \(name) | \(row.count) | \(said)\(row.said.count > 1 ? " ..." : "") | \(lost) |"
    }
    return (["", title, "| fault | times | the user saw | lost |", "|---|---|---|---|"] + lines + complaints)
      .joined(separator: "\n")
  }

  private func withoutFile(_ words: String) -> String { words.replacing(/\(.+?\):/, with: "(FILE):") }
}
