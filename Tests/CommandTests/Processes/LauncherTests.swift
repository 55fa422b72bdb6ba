// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

extension ProcessesTests {
  /// One job as each launcher starts it: the losses are those of one process.
  @Suite("A job's processes take the steps of one")
  struct Launchers {
    let sample: Sample
    private let short = ["--steps", "8"]

    init() throws { sample = try Sample.make() }

    @Test("when torchrun starts them", .enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch"))
    func torchrun() throws {
      let program = try #require(Command.binary)
      try compare { run in
        let words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
        let job = try Command(words + [program] + sample.sharedAdapt(to: run, short), program: python)
          .outcome()
        #expect(job.status == 0, "\(job.errors)")
        #expect(job.output.contains("waiting for other processes"))
      }
    }

    @Test("when iapc starts them")
    func processes() throws {
      try compare { run in try done(sample.sharedAdapt(to: run, short + ["--processes", "2"])) }
    }

    @Test("when Slurm starts them, of which only the variables are here")
    func slurm() throws {
      let port = try jobPort()
      try compare { run in
        let commands = try (0..<2).map { rank in
          try Command(
            sample.sharedAdapt(to: run, short),
            environment: [
              "SLURM_PROCID": "\(rank)", "SLURM_NTASKS": "2", "SLURM_LOCALID": "\(rank)",
              "SLURM_NTASKS_PER_NODE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
              // One for a machine.
              "IAPC_CACHE": "\(run)-cache",
            ])
        }
        try expectGoodEnds(commands)
      }
    }

    @Test(
      "on two machines with an address each",
      .enabled(if: TwoMachines.obstacle == nil, "\(TwoMachines.obstacle ?? "")"))
    func machines() throws {
      let machines = try TwoMachines()
      try compare { run in
        try expectGoodEnds(
          [
            // Its own name may lead no further than to itself.
            machines.start(0, sample.sharedAdapt(to: run, short), host: "127.0.0.1"),
            machines.start(1, sample.sharedAdapt(to: run, short)),
          ])
      }
    }

    private func expectGoodEnds(_ commands: [Command]) throws {
      for command in commands {
        let outcome = try command.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
    }

    private func compare(_ body: (String) throws -> Void) throws {
      try withTemporaryFolder { folder in
        try done(sample.sharedAdapt(to: folder.path("one"), short))
        try body(folder.path("all"))
        try expectSameLosses(folder.path("one"), folder.path("all"), steps: 8)
      }
    }
  }
}
