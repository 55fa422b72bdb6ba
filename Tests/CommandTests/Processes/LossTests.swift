// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProcessesTests {
  /// What becomes of a job that loses a process. Times are not looked at: a job that hangs fails after two minutes.
  @Suite("A job that loses a process")
  struct Losses {
    let sample: Sample

    init() throws { sample = try Sample.make() }

    /// A job that does not end by itself.
    private func endless(_ run: String, _ more: [String] = []) -> [String] {
      sample.sharedAdapt(
        to: run, ["--steps", "4000", "--set", "checkpoint.every=4000", "--peer-timeout", "3"] + more)
    }

    @Test("ends with one line where one is killed, and loses no step that was done", arguments: [0, 1])
    func killed(rank: Int) throws {
      try withTemporaryFolder { folder in
        let run = folder.path("run")
        let command = try Command(endless(run, ["--processes", "2"]))
        awaitSteps(3, of: run)
        kill(try command.child(rank: rank), SIGKILL)
        let outcome = try command.outcome()
        #expect(outcome.status != 0)
        #expect(outcome.told.count == 1 && outcome.told[0].contains("lost rank \(rank)"), "\(outcome.errors)")
        let steps = try totals(run).count
        let saved = try FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints")
        #expect(
          saved.contains { $0.contains(String(format: "%06d", steps)) } || rank == 0, "\(saved) \(steps)")
        try done(["adapt", "--resume", run, "--steps", "\(steps + 2)"])
      }
    }

    @Test("ends where one is stopped, which is killed in the end")
    func stopped() throws {
      try withTemporaryFolder { folder in
        let run = folder.path("run")
        let command = try Command(endless(run, ["--processes", "2"]))
        awaitSteps(3, of: run)
        let child = try command.child(rank: 1)
        kill(child, SIGSTOP)
        let outcome = try command.outcome()
        #expect(outcome.status != 0)
        #expect(outcome.told.count == 1 && outcome.told[0].contains("lost rank 1"), "\(outcome.errors)")
        #expect(kill(child, 0) != 0, "rank 1 still lives")
      }
    }

    @Test(
      "ends on both machines where the cable between them is cut, or one is stopped",
      .enabled(if: TwoMachines.obstacle == nil, "\(TwoMachines.obstacle ?? "")"),
      arguments: ["cut", "stop 0", "kill 0"])
    func machines(event: String) throws {
      let machines = try TwoMachines()
      try withTemporaryFolder { folder in
        let run = folder.path("run")
        let commands = try (0..<2).map { try machines.start($0, endless(run)) }
        awaitSteps(3, of: run)
        let rank = event.split(separator: " ").last.flatMap { Int($0) }
        if let rank {
          commands[rank].send(event.hasPrefix("stop") ? SIGSTOP : SIGKILL)
        } else {
          try machines.cut()
        }
        for (own, command) in commands.enumerated() where own != rank {
          let outcome = try command.outcome()
          #expect(outcome.status == 1 && outcome.exited, "\(event): \(outcome.errors)")
          let told = outcome.told
          #expect(told.count == 1 && told[0].contains("lost rank \(1 - own)"), "\(event): \(outcome.errors)")
        }
        if let rank {
          commands[rank].send(SIGKILL)
          #expect(try commands[rank].outcome().told == [])
        }
      }
    }

    @Test("does not begin where one never comes, the first or another", arguments: [0, 1])
    func absent(rank: Int) throws {
      let port = try jobPort()
      let outcome = try Command(
        sample.sharedAdapt(to: "/nowhere/run", ["--join-timeout", "1"]),
        environment: variables(rank: 1 - rank, port: port)
      ).outcome()
      #expect(outcome.status == 1 && outcome.told.count == 1, "\(outcome.errors)")
      let words = rank == 0 ? "rank 1 met nobody there" : "rank 1 of 2 did not come"
      #expect(
        outcome.errors.contains("127.0.0.1:\(port)") && outcome.errors.contains(words), "\(outcome.errors)")
    }
  }
}
