// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProcessesTests {
  /// Processes that never come.
  @Suite("A process that waits for others")
  struct Joining {
    let sample: Sample

    init() throws { sample = try Sample.make() }

    @Test(
      "says at once for whom, where and until when, and ends at the first signal",
      arguments: [(0, SIGINT), (1, SIGTERM), (1, SIGHUP)])
    func waiting(rank: Int, signal: Int32) throws {
      let port = try jobPort()
      let command = try Command(
        sample.sharedAdapt(to: "/nowhere/run"), environment: variables(rank: rank, port: port))
      let deadline = Date() + 30
      while command.isRunning, !command.errorsSoFar.contains("\n"), Date() < deadline { usleep(20_000) }
      let awaited = rank == 0 ? "rank 1 of 2" : "rank 0"
      let said = command.errorsSoFar
      #expect(said.contains("waiting for \(awaited) at 127.0.0.1:\(port), until "), "\(said)")
      #expect(said.contains("unset RANK and WORLD_SIZE to run it alone"), "\(said)")
      let sent = Date()
      command.send(signal)
      let outcome = try command.outcome()
      #expect(outcome.exited && outcome.status == 128 + signal, "\(outcome.errors)")
      #expect(outcome.errorLines.last == "stopped by signal \(signal)")
      #expect(Date().timeIntervalSince(sent) < 5)
    }

    @Test("is told how to run alone where half of the variables were left over")
    func leftOver() throws {
      let outcome = try Command(
        sample.sharedAdapt(to: "/nowhere/run"), environment: ["RANK": "0", "WORLD_SIZE": "2"]
      ).outcome()
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("WORLD_SIZE is 2"), "\(outcome.errors)")
      #expect(outcome.errors.contains("to run it alone, unset WORLD_SIZE and RANK"), "\(outcome.errors)")
    }
  }
}
