// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing

/// One call of each command fails or is cut short: a sample of what `make torture` does for all calls.
@Suite(.enabled(if: Fault.obstacle == nil, Comment(rawValue: Fault.obstacle ?? "")))
struct WriteFaultTests {
  @Test(
    "Where a call fails the command says so in one line, leaves whole files only, and can be done again",
    arguments: Job.names)
  func failures(_ name: String) throws {
    let trial = try Trial(Job.named(name))
    #expect(trial.calls.contains { $0.name == "write" } && trial.calls.contains { $0.name == "rename" })
    for fault in sample(of: trial, name == "adapt" ? 12 : 4) {
      let verdict = try trial.run(fault)
      #expect(verdict.call != nil, "\(fault) was never met")
      #expect(verdict.complaints == [], "\(fault.kind) at \(verdict.call.map { "\($0)" } ?? "")")
      #expect(verdict.lostSteps <= 1)
    }
  }

  /// Faults other than kills, each of another kind or at another sort of call, at random calls.
  private func sample(of trial: Trial, _ count: Int) -> [Fault] {
    var random = SeededGenerator(seed: 1, purpose: trial.job.name)
    var sorts: [String: [Fault]] = [:]
    for call in trial.calls {
      for kind in Fault.Kind.all(of: call.name) where !kind.kills {
        sorts["\(call.name) \(kind)", default: []].append(Fault(kind: kind, number: call.number))
      }
    }
    let names = sorts.keys.sorted()
    let chosen = random.permutation(names.count).prefix(count).map { sorts[names[$0]] ?? [] }
    return chosen.map { $0[random.below($0.count)] }
  }
}
