// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A job and what it leaves when nothing goes wrong.
struct Trial: Sendable {
  /// What a job left after a fault and after it was done again.
  struct Verdict: Sendable {
    /// Nil where it never came to the call.
    let call: SystemCall?
    /// The last line on stderr.
    var said = ""
    /// Steps whose work was lost.
    var lostSteps = 0
    /// Whether going on took `--overwrite`.
    var replaced = false
    /// What should not have been.
    var complaints: [String] = []
  }

  let job: Job
  /// The calls that it makes.
  let calls: [SystemCall]
  /// All that is there in the end.
  let whole: [String: Data]
  /// Checkpoints that are there for a while.
  private let passing: [String: Data]

  init(_ job: Job) throws {
    self.job = job
    let place = try Workplace(job)
    let outcome = try place.run(job.arguments, watched: true)
    try #require(outcome.status == 0, "\(outcome.errors)")
    (calls, whole) = (try place.calls(), try place.content())
    guard job.hasSteps else {
      passing = [:]
      return
    }
    let keeping = try Workplace(job)
    let all = try keeping.run(job.arguments + ["--set", "checkpoint.keep=1000"])
    try #require(all.status == 0, "\(all.errors)")
    passing = try keeping.content().filter { $0.key.contains("/checkpoints/") }
  }

  /// Does the job with a fault, looks at what is left, and does it again.
  func run(_ fault: Fault) throws -> Verdict {
    let place = try Workplace(job)
    let outcome = try place.run(job.arguments, fault)
    var verdict = Verdict(call: try place.spoiledCall())
    guard let call = verdict.call else { return verdict }
    verdict.said = withoutMarks(
      (outcome.errorLines.last ?? "").replacingOccurrences(of: place.folder, with: "{}"))
    // What the lock says of its owner is for people alone.
    let isLock = ["write", "close"].contains(call.name) && call.file.contains("run.lock")
    let isOptional = call.name == "settle" || (isLock && fault.kind != .full)
    let isHarmless = fault.kind.isHarmless || isOptional && !fault.kind.kills
    if fault.kind.kills {
      if outcome.exited { verdict.complaints.append("was not killed") }
    } else if isHarmless {
      if outcome.status != 0 { verdict.complaints.append("failed") }
      verdict.complaints += differences(try place.content())
      return verdict
    } else if call.name != "mkdir" || !call.file.hasPrefix("cache") || outcome.status != 0 {
      // Without a cache a run goes on.
      verdict.complaints += complaints(about: outcome)
    }
    verdict.complaints += damage(try place.content(), mayBeCut: fault.kind.kills)
    let steps = place.steps
    let again = try place.goOn()
    verdict.replaced = again.replaced
    if again.outcome.status != 0 {
      verdict.complaints.append("could not go on: \(again.outcome.errorLines.last ?? "")")
    }
    if job.hasSteps { verdict.lostSteps = steps - resumedStep(again.outcome) }
    verdict.complaints += differences(try place.content())
    return verdict
  }

  private func resumedStep(_ outcome: Outcome) -> Int {
    outcome.errors.firstMatch(of: /resumed after step ([0-9]+)/).flatMap { Int($0.output.1) } ?? 0
  }

  /// What is wrong with the words of a job that failed.
  private func complaints(about outcome: Outcome) -> [String] {
    var found: [String] = []
    if !outcome.exited || outcome.status != 1 {
      found.append("ended with \(outcome.status), not with status 1")
    }
    let errors = outcome.errorLines.filter { $0.hasPrefix("error: ") }
    if errors.count != 1 || outcome.errorLines.last != errors.first {
      found.append("did not end with one error")
    } else if errors[0].wholeMatch(of: /error: [^(]+ \(.+?\): .+; .+/) == nil {
      found.append("said: \(withoutMarks(errors[0]))")
    }
    return found
  }

  /// What is half-written, gone or left over when a job has failed or, where it `mayBeCut`, was killed.
  private func damage(_ left: [String: Data], mayBeCut: Bool) -> [String] {
    var found: [String] = []
    for (name, data) in left where !name.hasSuffix("/") {
      if name.contains(".partial") || name.hasSuffix("run.lock") {
        if !mayBeCut { found.append("left \(withoutMarks(name)) being written") }
      } else if name.hasSuffix("metrics.jsonl"), let all = whole[name] {
        let lines = data.lastIndex(of: UInt8(ascii: "\n")).map { data.prefix(through: $0) } ?? Data()
        if !data.isEmpty, !all.starts(with: lines) { found.append("\(name) tells of other steps") }
        if !mayBeCut, !all.starts(with: data) { found.append("\(name) ends with half a line") }
      } else if name.hasSuffix("/tensorboard") {
        let all = Set(String(decoding: whole[name] ?? Data(), as: UTF8.self).split(separator: "\n"))
        let told = String(decoding: data, as: UTF8.self).split(separator: "\n")
        for line in told where !all.contains(line) { found.append("\(name) tells \(line)") }
      } else if ["evaluations.jsonl", "selection.jsonl"].contains(where: name.hasSuffix),
        whole[name]?.starts(with: data) == true
      {
        continue
      } else if ![whole[name], passing[name], job.before[name]].contains(data) {
        found.append("\(withoutMarks(name)) is not whole")
      }
    }
    return found + job.before.keys.filter { left[$0] == nil }.map { "\($0) is gone" }
  }

  /// How the end differs from that of a job that nothing happened to.
  func differences(_ left: [String: Data]) -> [String] {
    var found = whole.keys.filter { left[$0] == nil }.map { "in the end \(withoutMarks($0)) is missing" }
    for (name, data) in left where whole[name] != data {
      // Only a run knows its folder so well that it can clear what a killed one was writing.
      if !job.hasSteps, name.contains("/.") || name.hasPrefix("."), name.hasSuffix(".partial") { continue }
      found.append("in the end \(withoutMarks(name)) \(whole[name] == nil ? "is left over" : "differs")")
    }
    return Set(found).sorted()
  }
}
