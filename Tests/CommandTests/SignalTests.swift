// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct SignalTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// The same run without a stop; made once.
  private static let whole = Result {
    let sample = try Sample.make()
    try done(sample.adapt(to: sample.folder.path("whole"), "--steps", "30"))
    return try bytes(sample.folder.path("whole/adapted.safetensors"))
  }

  @Test(
    "A stopped run saves, says how to go on, and ends with the same bytes as one that was never stopped",
    arguments: [SIGINT, SIGTERM, SIGHUP])
  func stopAndResume(_ signal: Int32) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(sample.adapt(to: run, "--steps", "30"))
      while command.isRunning, (try? jsonLines("\(run)/metrics.jsonl").count) ?? 0 < 3 { usleep(2000) }
      command.send(signal)
      let stopped = try command.outcome()
      #expect(stopped.exited && stopped.status == 128 + signal, "\(stopped.errors)")
      #expect(stopped.errorLines.last?.contains("iapc adapt --resume \(run)") == true)
      #expect(!exists("\(run)/adapted.safetensors"))
      let done = try jsonLines("\(run)/metrics.jsonl").count
      #expect((3..<30).contains(done))
      #expect(
        listing("\(run)/checkpoints")?.last == "step-\(String(format: "%06d", done)).safetensors")
      folder.expectNothingPartial()

      let resumed = try iapc("adapt", "--resume", run)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(resumed.errors.contains("resumed after step \(done)"))
      #expect(try jsonLines("\(run)/metrics.jsonl").compactMap { $0["step"] as? Int } == Array(1...30))
      #expect(try bytes("\(run)/adapted.safetensors") == SignalTests.whole.get())
    }
  }

  @Test("A terminal that closes may say so more than once")
  func hangUps() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(sample.adapt(to: run, "--steps", "4000"))
      awaitSteps(2, of: run)
      for _ in 0..<3 { command.send(SIGHUP) }
      let outcome = try command.outcome()
      #expect(outcome.exited && outcome.status == 129, "\(outcome.errors)")
      #expect(
        outcome.errorLines.last?.contains("stopped by signal 1; go on with: iapc adapt --resume") == true)
      #expect(listing("\(run)/checkpoints")?.count == 1)
    }
  }

  @Test("nohup keeps a run from ending with its terminal")
  func ignoredHangUp() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try started(#"trap '' HUP; exec "$0" "$@""#, sample.adapt(to: run, "--steps", "30"))
      awaitSteps(2, of: run)
      command.send(SIGHUP)
      let outcome = try command.outcome()
      #expect(outcome.exited && outcome.status == 0, "\(outcome.errors)")
      #expect(try bytes("\(run)/adapted.safetensors") == SignalTests.whole.get())
    }
  }

  @Test("A stop before the first step leaves no run behind")
  func stopEarly() throws {
    try withTemporaryFolder { folder in
      // Large scales make the pseudo-labels last.
      let command = try Command(
        sample.adapt(to: folder.path("run"), "--steps", "1", "--set", "pseudo_labels.scales=4,4,4,4,4,4,4,4"))
      while command.isRunning, listing(command.cache)?.contains(where: { $0.contains(".partial-") }) != true {
        usleep(2000)
      }
      command.send(SIGTERM)
      let outcome = try command.outcome()
      #expect(outcome.status == 143)
      #expect(!exists(folder.path("run")))
      // Half the labels are no use to anyone either.
      #expect(listing(command.cache) == ["pseudo-labels"])
    }
  }
}
