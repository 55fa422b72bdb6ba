// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

/// Commands that several processes run together, started as users start them.
@Suite(.serialized) struct ProcessesTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// The method from the source's statistics, whose steps do not turn rounding into other labels.
  private func adapt(to output: String, _ more: [String] = []) -> [String] {
    sample.adapt(to: output, "--profile", "paper", "--batch", "4", "--steps", "20", "--learning-rate", "1e-4")
      + ["--set", "warmUp=2", "--set", "selectEvery=0"] + more
  }

  private func totals(_ run: String) throws -> [Double] {
    try jsonLines("\(run)/metrics.jsonl").map { try #require($0["total"] as? Double) }
  }

  /// The bytes of all files of a folder, by their places in it.
  private func contents(of folder: String) throws -> [String: Data] {
    let files = FileManager.default.subpaths(atPath: folder) ?? []
    return try Dictionary(
      uniqueKeysWithValues: files.filter { $0.hasSuffix(".png") }.map { ($0, try bytes("\(folder)/\($0)")) })
  }

  /// The largest relative distance of two files' tensors.
  private func distance(_ first: String, _ second: String) throws -> Double {
    let (a, b) = try (CheckpointFile.read(first), CheckpointFile.read(second))
    return try a.tensors.map { name, tensor in
      let other = Tensor(try #require(b[name])).to(.float64)
      let own = Tensor(tensor).to(.float64)
      func length(_ x: Tensor) -> Double { (x * x).sum().item.squareRoot() }
      return length(own - other) / max(1e-12, length(own))
    }.max() ?? 0
  }

  @Test("take the same steps as one process with the same batch", arguments: [2, 4])
  func same(count: Int) throws {
    try withTemporaryFolder { folder in
      for prototypes in ["perImage", "momentum", "static"] {
        let settings = ["--set", "prototypes=\(prototypes)", "--overwrite"]
        try done(adapt(to: folder.path("one"), settings))
        let outcome = try done(
          adapt(to: folder.path("all"), settings + ["--processes", "\(count)", "--sync-batchnorm"]))
        #expect(outcome.output.contains("waiting for other processes"))
        let (one, all) = (try totals(folder.path("one")), try totals(folder.path("all")))
        #expect(one.count == 20 && all.count == 20)
        for (x, y) in zip(one, all) { #expect(abs(x - y) <= 1e-4 * abs(x), "\(prototypes) \(x) \(y)") }
        let apart = try distance(
          folder.path("one/adapted.safetensors"), folder.path("all/adapted.safetensors"))
        #expect(apart < 1e-4, "\(prototypes)")
      }
    }
  }

  @Test(
    "train as one process does, with the statistics of the whole batch", arguments: ["none", "logarithmic"])
  func training(classWeights: String) throws {
    try withTemporaryFolder { folder in
      func train(_ name: String, _ more: String...) throws -> [Double] {
        try done(
          [
            "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
            "--crop", "32x24", "--batch", "3", "--steps", "10", "--optimizer", "sgd", "--learning-rate",
            "1e-3",
            "--set", "classWeights=\(classWeights)", "--output", folder.path(name),
          ] + more)
        return try totals(folder.path(name))
      }
      let (one, two) = (try train("one"), try train("two", "--processes", "2", "--sync-batchnorm"))
      #expect(one.count == 10 && two.count == 10)
      for (x, y) in zip(one, two) { #expect(abs(x - y) <= 1e-4 * abs(x), "\(x) \(y)") }
      #expect(try distance(folder.path("one/last.safetensors"), folder.path("two/last.safetensors")) < 1e-4)
    }
  }

  @Test("score and label as one process does, to the same bytes")
  func predictions() throws {
    try withTemporaryFolder { folder in
      let data = ["--images", sample.images, "--weights", sample.weights]
      for count in ["1", "3"] {
        try done(
          ["evaluate", "--labels", sample.labels, "--label-space", "camvid11", "--json", folder.path(count)]
            + data + ["--processes", count])
        try done(["pseudo-label", "--output", folder.path("labels\(count)"), "--processes", count] + data)
      }
      let (one, all) = (try json(folder.path("1")), try json(folder.path("3")))
      #expect(one["confusion"] as? [[Int]] == all["confusion"] as? [[Int]])
      #expect(one["mIoU"] as? Double == all["mIoU"] as? Double)
      let labels = try contents(of: folder.path("labels1"))
      let others = try contents(of: folder.path("labels3"))
      #expect(labels.count == 10 && labels == others)
    }
  }

  @Test("share a batch that cannot be shared equally, and go on with another number of processes")
  func unequal() throws {
    try withTemporaryFolder { folder in
      try done(adapt(to: folder.path("one")))
      try done(adapt(to: folder.path("run"), ["--processes", "3", "--steps", "7", "--set", "horizon=9000"]))
      try done(["adapt", "--resume", folder.path("run"), "--steps", "20", "--processes", "2"])
      for (x, y) in try zip(totals(folder.path("one")), totals(folder.path("run"))) {
        #expect(abs(x - y) <= 1e-4 * abs(x))
      }
      #expect(try totals(folder.path("run")).count == 20)
    }
  }

  @Test("end with one line where one of them is killed, and lose no step that was done", arguments: [0, 1])
  func killed(rank: Int) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(
        adapt(to: run, ["--processes", "2", "--steps", "4000", "--set", "checkpointEvery=4000"]))
      let deadline = Date() + 60
      while (try? totals(run).count) ?? 0 < 3, Date() < deadline { usleep(50_000) }
      let children = try iapcChildren(of: command)
      kill(try #require(children.first { $0.rank == rank }?.process), SIGKILL)
      let outcome = try command.outcome()
      #expect(outcome.status != 0)
      let errors = outcome.errorLines.filter { $0.hasPrefix("error: ") }
      #expect(errors.count == 1 && errors[0].contains("lost rank \(rank)"), "\(outcome.errors)")
      let steps = try totals(run).count
      let saved = try FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints")
      #expect(saved.contains { $0.contains(String(format: "%06d", steps)) } || rank == 0, "\(saved) \(steps)")
      try done(["adapt", "--resume", run, "--steps", "\(steps + 2)"])
    }
  }

  /// The processes that a command has started.
  private func iapcChildren(of command: Command) throws -> [(process: Int32, rank: Int)] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.compactMap {
      process in
      guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return nil }
      let variables = String(decoding: data, as: UTF8.self).split(separator: "\0")
      guard variables.contains("IAPC_LAUNCHER=\(command.identifier)"),
        let rank = variables.first(where: { $0.hasPrefix("RANK=") }).flatMap({ Int($0.dropFirst(5)) })
      else { return nil }
      return (process, rank)
    }
  }

  @Test("refuse to start where one has other weights, or the batch is too small")
  func disagreeing() throws {
    try withTemporaryFolder { folder in
      let small = try iapc(adapt(to: folder.path("run"), ["--processes", "5"]))
      #expect(small.status == 1 && small.errorLines.count == 1, "\(small.errors)")
      #expect(small.errors.contains("--batch"))
      let other = folder.path("other.safetensors")
      try done(["convert", "\(sample.run)/adapted.safetensors", other])
      let commands = try [sample.weights, other].enumerated().map { rank, weights in
        try Command(
          adapt(to: folder.path("run"), ["--weights", weights]),
          environment: [
            "RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": "\(20_000 + Int(getpid()) % 20_000)",
          ])
      }
      let outcomes = try commands.map { try $0.outcome() }
      #expect(outcomes.allSatisfy { $0.status == 1 })
      let told = outcomes.map(\.errors).joined()
      #expect(told.contains("rank 1") && told.contains("its weights"), "\(told)")
      #expect(outcomes.flatMap(\.errorLines).filter { $0.hasPrefix("error: ") }.count == 1, "\(told)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }
  }

  @Test("give up where the first never comes")
  func absent() throws {
    let command = try Command(
      adapt(to: "/nowhere/run", ["--join-timeout", "1"]),
      environment: ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "9"])
    let outcome = try command.outcome()
    #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("127.0.0.1:9") && outcome.errors.contains("met nobody"))
  }
}
