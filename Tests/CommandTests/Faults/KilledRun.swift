// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Testing

/// A run of `adapt` that is killed again and again and always goes on.
struct KilledRun {
  /// Where a kill found the run.
  struct Kill: Sendable {
    let phase: String
    let lostSteps: Int
  }

  /// What the run leaves when nobody kills it.
  struct Undisturbed: Sendable {
    let content: [String: Data]
    /// How long it takes.
    let seconds: Double

    init(_ job: Job) throws {
      let place = try Workplace(job)
      let started = Date()
      let outcome = try place.run(job.arguments)
      try #require(outcome.status == 0, "\(outcome.errors)")
      (content, seconds) = (try place.content(), Date().timeIntervalSince(started))
    }
  }

  let place: Workplace
  private(set) var kills: [Kill] = []
  private var stepsBefore = 0

  init(_ job: Job) throws {
    place = try Workplace(job)
  }

  /// Kills at random moments until there are enough kills.
  mutating func killAtRandom(_ count: Int, within seconds: Double, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed, purpose: "kills")
    // A run that ends before its kill does not count.
    for _ in 0..<(4 * count) where kills.count < count {
      let command = try place.start(place.next)
      usleep(UInt32(random.uniform(0, seconds) * 1e6))
      command.send(SIGKILL)
      let outcome = try command.outcome()
      try settle(outcome, phase: phase)
    }
    #expect(kills.count == count)
  }

  /// Kills at each of the calls in turn.
  mutating func kill(at faults: [Fault]) throws {
    for fault in faults {
      let outcome = try place.run(place.next, fault)
      let call = try #require(try place.spoiledCall(), "\(fault) was never met: \(outcome.errors)")
      try settle(outcome, phase: "\(fault.kind.rawValue) \(call.name) \(call.file)")
    }
    #expect(kills.count == faults.count)
  }

  /// Goes on to the end.
  func finish() throws -> [String: Data] {
    let (outcome, _) = try place.goOn()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try place.content()
  }

  private mutating func settle(_ outcome: Outcome, phase: String) throws {
    guard !outcome.exited else {
      try #require(outcome.status == 0, "\(outcome.errors)")
      return
    }
    let resumed = outcome.errors.firstMatch(of: /resumed after step ([0-9]+)/).flatMap { Int($0.output.1) }
    kills.append(Kill(phase: phase, lostSteps: resumed.map { stepsBefore - $0 } ?? 0))
    stepsBefore = place.steps
  }

  /// How far the run has come.
  private var phase: String {
    let run = place.folder + "/run"
    if exists("\(run)/adapted.safetensors") { return "while the final weights are written, or after" }
    if place.steps > 0 { return "between steps, or while one is saved" }
    if exists("\(run)/config.yaml") { return "before the first step" }
    return exists(place.folder + "/cache") ? "while pseudo-labels are made" : "before anything is written"
  }
}
