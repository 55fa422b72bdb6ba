// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Two commands that want to write into one folder.
@Suite struct RunLockTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test(
    "A run folder that a run writes to is refused with who has it; a kill frees it",
    arguments: [[], ["--processes", "2", "--set", "method.class_mix=off"]])
  func adapt(processes: [String]) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(sample.adapt(to: run, "--steps", "100000") + processes)
      awaitSteps(2, of: run)
      let all = try processes.isEmpty ? [command.identifier] : (0..<2).map { try command.child(rank: $0) }
      let owner = all[0]
      let year = Calendar(identifier: .gregorian).component(.year, from: Date())
      let before = try bytes("\(run)/config.yaml")
      for arguments in [
        ["adapt", "--resume", run], sample.adapt(to: run, "--overwrite"), sample.adapt(to: run),
        sample.adapt(to: run, "--overwrite") + ["--processes", "2"],
      ] {
        try expectError(
          arguments, saying: "the run folder is in use (\(run))", "process \(owner) on", "\(year)-")
      }
      #expect(command.isRunning)
      #expect(try bytes("\(run)/config.yaml") == before)
      // It is read all the same.
      try done(["report", run, "--output", folder.path("report.html")])
      try #require(command.isRunning)
      if !processes.isEmpty { kill(owner, SIGKILL) }
      command.send(SIGKILL)
      _ = try command.outcome()
      for process in all { awaitEnd(of: process) }
      // Of two processes the one that is left saves what it has, and frees the folder.
      #expect(exists("\(run)/run.lock") == processes.isEmpty)
      try done(sample.adapt(to: run, "--steps", "2", "--overwrite"))
      #expect(!exists("\(run)/run.lock"))
    }
  }

  private func awaitEnd(of process: Int32) {
    let deadline = Date() + 20
    while kill(process, 0) == 0, Date() < deadline { usleep(5000) }
  }

  @Test("A run of train has its folder to itself, too, and a stopped one gives it back")
  func train() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let arguments = [
        "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11", "--size",
        "64x48", "--crop", "32x24", "--batch", "2", "--steps", "100000", "--output", run,
      ]
      let command = try Command(arguments)
      while command.isRunning, (try? jsonLines("\(run)/metrics.jsonl").count) ?? 0 < 2 { usleep(2000) }
      for other in [arguments + ["--overwrite"], ["train", "--resume", run]] {
        try expectError(
          other, saying: "the run folder is in use (\(run))", "process \(command.identifier) on")
      }
      command.send(SIGTERM)
      #expect(try command.outcome().status == 143)
      #expect(!exists("\(run)/run.lock"))
    }
  }

  @Test("A comparison has its folder to itself")
  func compare() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("compared")
      let arguments = [
        "compare", "--methods", "iapc", "--output", output, "--", "--weights", sample.weights, "--images",
        sample.images, "--batch", "2", "--crop", "32x24", "--steps", "4000",
      ]
      let command = try Command(arguments)
      while command.isRunning, !(listing(output) ?? []).contains(where: { $0.hasSuffix("metrics.jsonl") }) {
        usleep(5000)
      }
      let second = try iapc(arguments)
      #expect(second.status == 1 && second.errorLines.count == 1, "\(second.errors)")
      #expect(second.errors.contains("in use (\(output)): process \(command.identifier) on"))
      command.send(SIGINT)
      #expect(try command.outcome().status == 130)
      #expect(!exists("\(output)/run.lock"))
    }
  }

  @Test(
    "Where the file system knows no locks a line says so, and the run goes on",
    .enabled(if: Fault.obstacle == nil, Comment(rawValue: Fault.obstacle ?? "")))
  func noLocks() throws {
    try withTemporaryFolder { folder in
      let place = URL(fileURLWithPath: folder.url.path).resolvingSymlinksInPath().path
      let fault = Fault(kind: .ENOLCK, call: "flock", path: "*/run.lock")
      let outcome = try Command(
        sample.adapt(to: "\(place)/run", "--steps", "1"),
        environment: Fault.environment(fault, below: place, log: "\(place)/log")
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("its file system knows no locks"), "\(outcome.errors)")
    }
  }
}
