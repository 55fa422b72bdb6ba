// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

extension ProcessesTests {
  @Suite struct SameResult {
    let sample: Sample

    init() throws { sample = try Sample.make() }

    /// The bytes of all files of a folder, by their places in it.
    private func contents(of folder: String) throws -> [String: Data] {
      let files = FileManager.default.subpaths(atPath: folder) ?? []
      return try Dictionary(
        uniqueKeysWithValues: files.filter { $0.hasSuffix(".png") }.map { ($0, try bytes("\(folder)/\($0)")) }
      )
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
        for prototypes in ["per_image", "momentum", "static"] {
          let settings = ["--set", "method.prototypes=\(prototypes)", "--overwrite"]
          try done(sample.sharedAdapt(to: folder.path("one"), settings))
          let outcome = try done(
            sample.sharedAdapt(
              to: folder.path("all"), settings + ["--processes", "\(count)", "--sync-batchnorm"]))
          #expect(outcome.output.contains("waiting for other processes"))
          try expectSameLosses(folder.path("one"), folder.path("all"))
          let apart = try distance(
            folder.path("one/adapted.safetensors"), folder.path("all/adapted.safetensors"))
          #expect(apart < 1e-4, "\(prototypes)")
        }
      }
    }

    @Test(
      "look at the network in one of them, with statistics of its own images, and see what one process does")
    func looks() throws {
      try withTemporaryFolder { folder in
        let settings = ["--set", "selection.every=10", "--set", "batch_norm.final=target"]
        try done(sample.sharedAdapt(to: folder.path("one"), settings))
        try done(
          sample.sharedAdapt(to: folder.path("two"), settings + ["--processes", "2", "--sync-batchnorm"]))
        try expectSameLosses(folder.path("one"), folder.path("two"))
        let both = try ["one", "two"].map { try jsonLines(folder.path("\($0)/selection.jsonl")) }
        for lines in both { #expect(lines.map { $0["step"] as? Int } == [0, 10, 20]) }
        for (one, two) in zip(both[0], both[1]) {
          let (x, y) = (try #require(one["im"] as? Double), try #require(two["im"] as? Double))
          #expect(abs(x - y) <= 1e-3 * abs(x), "\(x) \(y)")
        }
      }
    }

    @Test(
      "train as one process does, with the statistics of the whole batch", arguments: ["none", "logarithmic"])
    func training(classWeights: String) throws {
      try withTemporaryFolder { folder in
        func train(_ name: String, _ more: String...) throws {
          try done(
            [
              "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
              "--crop", "32x24", "--batch", "3", "--steps", "10", "--optimizer", "sgd", "--learning-rate",
              "1e-3",
              "--set", "loss_weights.classes=\(classWeights)", "--output", folder.path(name),
            ] + more)
        }
        try train("one")
        try train("two", "--processes", "2", "--sync-batchnorm")
        try expectSameLosses(folder.path("one"), folder.path("two"), steps: 10)
        #expect(try distance(folder.path("one/last.safetensors"), folder.path("two/last.safetensors")) < 1e-4)
      }
    }

    @Test("score and label as one process does, to the same bytes")
    func predictions() throws {
      try withTemporaryFolder { folder in
        let data = ["--images", sample.images, "--weights", sample.weights]
        for count in ["1", "3"] {
          try done(
            [
              "evaluate", "--labels", sample.labels, "--label-space", "camvid11", "--json",
              folder.path(count),
            ]
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
        try done(sample.sharedAdapt(to: folder.path("one")))
        try done(
          sample.sharedAdapt(
            to: folder.path("run"),
            ["--processes", "3", "--steps", "7", "--set", "schedule.total_steps=9000"]))
        try done(["adapt", "--resume", folder.path("run"), "--steps", "20", "--processes", "2"])
        try expectSameLosses(folder.path("one"), folder.path("run"))
      }
    }

    @Test("take DeepLabV2's steps as one process does, and tell what that costs", arguments: ["on", "off"])
    func deepLab(overlap: String) throws {
      try withTemporaryFolder { folder in
        // Of drawn weights a larger rate makes the second loss another one with another number of threads, too.
        func steps(_ count: Int) throws -> (totals: [Double], exchange: [String: Double]?) {
          let numbers = folder.path("\(count).json")
          let outcome = try done([
            "benchmark", "step", "--network", "deeplabv2-resnet50", "--crop", "64x48", "--batch", "3",
            "--steps", "2",
            "--profile", "paper", "--learning-rate", "1e-6", "--set", "runtime.overlap=\(overlap)",
            "--processes",
            "\(count)",
            "--json", numbers,
          ])
          #expect(outcome.output.contains("2 processes") == (count == 2))
          let found = try json(numbers)
          let steps = try #require(found["steps"] as? [[String: Double]])
          return (steps.compactMap { $0["total"] }, found["exchange"] as? [String: Double])
        }
        let (one, two) = (try steps(1), try steps(2))
        #expect(one.totals.count == 3 && two.totals.count == 3 && one.exchange == nil)
        for (x, y) in zip(one.totals, two.totals) { #expect(abs(x - y) <= 1e-4 * abs(x), "\(x) \(y)") }
        let exchange = try #require(two.exchange)
        #expect(exchange["processes"] == 2)
        for name in ["messages", "bytes", "seconds", "share"] {
          #expect(try #require(exchange[name]) > 0, "\(name)")
        }
        // Each gradient once: 4 bytes for each of some 24 million parameters.
        #expect(try 80e6...110e6 ~= #require(exchange["bytes"]), "\(exchange)")
      }
    }

    @Test("refuse a method that cannot be shared, and a batch whose pairs would be torn")
    func unshared() throws {
      try withTemporaryFolder { folder in
        for (more, words) in [
          (["--method", "hcl"], "--method hcl"),
          (["--profile", "recommended", "--batch", "6"], "multiple of 4"),
        ] {
          let outcome = try iapc(sample.sharedAdapt(to: folder.path("run"), more + ["--processes", "2"]))
          #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
          #expect(outcome.errorLines.filter { $0.hasPrefix("error: ") }.count == 1)
        }
      }
    }

    @Test("refuse to start where one has other weights, or the batch is too small")
    func disagreeing() throws {
      try withTemporaryFolder { folder in
        let small = try iapc(sample.sharedAdapt(to: folder.path("run"), ["--processes", "5"]))
        #expect(small.status == 1 && small.errorLines.count == 1, "\(small.errors)")
        #expect(small.errors.contains("--batch"))
        let other = folder.path("other.safetensors")
        try done(["convert", "\(sample.run)/adapted.safetensors", other])
        let port = try jobPort()
        let commands = try [sample.weights, other].enumerated().map { rank, weights in
          try Command(
            sample.sharedAdapt(to: folder.path("run"), ["--weights", weights]),
            environment: variables(rank: rank, port: port))
        }
        let outcomes = try commands.map { try $0.outcome() }
        #expect(outcomes.allSatisfy { $0.status == 1 })
        let told = outcomes.map(\.errors).joined()
        #expect(told.contains("rank 1") && told.contains("its weights"), "\(told)")
        #expect(outcomes.flatMap(\.told).count == 1, "\(told)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
      }
    }
  }
}
