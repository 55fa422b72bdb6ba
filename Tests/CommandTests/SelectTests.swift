// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct SelectTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// A run that keeps a checkpoint of each of its three steps.
  private func run(in folder: ScratchFolder, _ name: String = "run", _ more: [String] = []) throws -> String {
    let settings = ["checkpoint.every=1", "checkpoint.keep=9"].flatMap { ["--set", $0] }
    try done(sample.adapt(to: folder.path(name), "--steps", "3") + settings + more)
    return folder.path(name)
  }

  @Test("select ranks a run's checkpoints and writes the one to ship, without any label")
  func unlabelled() throws {
    try withTemporaryFolder { folder in
      let run = try run(in: folder)
      let outcome = try done([
        "select", run, "--count", "3", "--pixels", "200", "--json", folder.path("out.json"), "--output",
        folder.path("best.pth"),
      ])
      let result = try json(folder.path("out.json"))
      let candidates = try #require(result["candidates"] as? [[String: Any]])
      #expect(
        candidates.compactMap { $0["name"] as? String }
          == (1...3).map { "\(run)/step-00000\($0)" } + ["\(run)/adapted"])
      #expect(Set(candidates.compactMap { $0["rank"] as? Int }) == [1, 2, 3, 4])
      let criteria: Set = ["im", "snd", "bnm", "mixval", "geometric", "ensemble", "entropy", "drift"]
      for item in candidates {
        #expect(Set((item["criteria"] as? [String: Double] ?? [:]).keys) == criteria)
        #expect(item["mIoU"] is NSNull)
        #expect(outcome.output.contains(item["name"] as? String ?? "?"))
      }
      // The run ends with an average of its steps: shorter ones are flagged unless they are better throughout.
      let last = try #require(candidates[2]["criteria"] as? [String: Double])
      #expect(candidates[2]["flags"] as? [String] == [])
      for item in candidates[..<2] {
        let own = try #require(item["criteria"] as? [String: Double])
        let isBetter = criteria.subtracting(["entropy", "drift"]).allSatisfy { own[$0]! > last[$0]! }
        #expect((item["flags"] as? [String])?.contains("shorter average") == !isBetter)
      }
      let choice = try #require((result["choices"] as? [[String: Any]])?.first)
      let first = candidates.first { $0["rank"] as? Int == 1 }?["name"] as? String
      #expect(choice["selected"] as? String == first && choice["last"] as? String == "\(run)/adapted")
      #expect(choice["oracle"] == nil && choice["regret"] == nil)
      #expect(!outcome.output.contains("oracle") && outcome.output.contains("what \(run) began with"))
      // The adapted weights of this profile have re-estimated statistics, and so have these.
      #expect(result["statistics"] as? String == "target")
      let inspected = try done(["inspect", "--weights", folder.path("best.pth"), "--network", "espnet"])
      #expect(inspected.output.contains("fits exactly"))
    }
  }

  @Test("select with labels shows selected, last and oracle, with the mIoU that evaluate gives")
  func labelled() throws {
    try withTemporaryFolder { folder in
      let runs = [try run(in: folder), try run(in: folder, "other", ["--learning-rate", "0.05"])]
      let outcome = try done(
        ["select"] + runs + [
          "--statistics", "stored", "--labels", sample.labels, "--labelled-images", sample.images,
          "--label-space", "camvid11", "--json", folder.path("out.json"),
        ])
      for word in ["selected", "last", "oracle", "regret", "Spearman", "aggregate"] {
        #expect(outcome.output.contains(word))
      }
      let result = try json(folder.path("out.json"))
      let candidates = try #require(result["candidates"] as? [[String: Any]])
      #expect(candidates.count == 8)
      for run in runs {
        try done([
          "evaluate", "--weights", "\(run)/adapted.safetensors", "--images", sample.images, "--labels",
          sample.labels, "--size", "64x48", "--json", folder.path("score.json"),
        ])
        let item = try #require(candidates.first { $0["name"] as? String == "\(run)/adapted" })
        #expect(item["mIoU"] as? Double == (try json(folder.path("score.json"))["mIoU"] as? Double))
      }
      let choices = try #require(result["choices"] as? [[String: Any]])
      #expect(choices.compactMap { $0["group"] as? String } == runs && choices.count == 3)
      for choice in choices {
        let group = choice["group"] as? String
        let scores = candidates.filter { group == nil || $0["group"] as? String == group }
          .compactMap { $0["mIoU"] as? Double }
        let best = try #require(choice["oracle_mIoU"] as? Double)
        #expect(best == scores.max())
        let regret = try #require(choice["regret"] as? Double)
        #expect(abs(regret - (best - (choice["selected_mIoU"] as? Double ?? 0))) < 1e-12)
      }
    }
  }

  @Test("adapted weights have the mIoU that evaluate gives, and a line says why checkpoints have another")
  func statistics() throws {
    try withTemporaryFolder { folder in
      let run = try run(in: folder)
      func outcome(_ more: String...) throws -> (mIoU: [String: Double], output: String) {
        let output = try done(
          ["select", run, "--count", "2", "--labels", sample.labels, "--labelled-images", sample.images]
            + [
              "--label-space", "camvid11", "--output", folder.path("best.pth"), "--json",
              folder.path("out.json"),
            ]
            + more
        ).output
        let items = try #require(try json(folder.path("out.json"))["candidates"] as? [[String: Any]])
        let pairs = items.map { ($0["name"] as? String ?? "", $0["mIoU"] as? Double ?? -1) }
        return (Dictionary(uniqueKeysWithValues: pairs), output)
      }
      func evaluated(_ file: String) throws -> Double? {
        try done([
          "evaluate", "--weights", file, "--images", sample.images, "--labels", sample.labels,
          "--label-space",
          "camvid11", "--size", "64x48", "--json", folder.path("score.json"),
        ])
        return try json(folder.path("score.json"))["mIoU"] as? Double
      }
      let shipped = try #require(try evaluated("\(run)/adapted.safetensors"))
      let found = try outcome()
      #expect(found.mIoU["\(run)/adapted"] == shipped)
      // The one that is written has the statistics that it was scored with.
      let best = try #require(found.output.split(separator: "\n").first { $0.hasPrefix("selected ") })
      let name = try #require(found.mIoU.keys.first { best.contains("\($0) ") })
      #expect(try evaluated(folder.path("best.pth")) == found.mIoU[name])
      #expect(
        found.output.contains(
          "statistics: checkpoints' are estimated anew over the 2 images, and --output saves them so; adapted weights "
            + "keep those that their run has saved; `iapc evaluate` of a checkpoint takes the stored ones"))
      let anew = try outcome("--statistics", "target")
      #expect(anew.mIoU["\(run)/adapted"] != shipped && !anew.output.contains("adapted weights keep"))
      #expect(anew.output.contains("statistics: each candidate's are estimated anew"))
      #expect(try !outcome("--statistics", "stored").output.contains("statistics: "))
    }
  }

  @Test("select takes weights of any folder, and says the same again")
  func folder() throws {
    try withTemporaryFolder { folder in
      let weights = try folder.folder(
        "weights",
        [(sample.weights, "a.safetensors"), ("\(sample.run)/adapted.pth", "b.pth")])
      let arguments = ["select", weights, "--images", sample.images, "--size", "64x48"]
      let first = try done(arguments)
      #expect(first.output.contains("\(weights)/a.safetensors") && first.output.contains("\(weights)/b.pth"))
      #expect(first.output.contains("the mean of all candidates"))
      #expect(try done(arguments).output == first.output)
    }
  }

  @Test("select names what it cannot use in one line")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let images = ["--images", sample.images]
      try expectError(["select", folder.path("none")] + images, saying: "there is no such folder")
      let empty = try folder.folder("empty")
      try expectError(["select", empty] + images, saying: "there are no weights to choose from", empty)
      let usage = try iapc(["select", sample.weights])
      #expect(usage.status == 64 && usage.errors.contains("--images"))
      // A checkpoint of which a byte has changed.
      let run = try run(in: folder)
      let path = "\(run)/checkpoints/step-000002.safetensors"
      var damaged = try bytes(path)
      damaged[damaged.count - 1] ^= 1
      try damaged.write(to: URL(fileURLWithPath: path))
      let outcome = try iapc(["select", run])
      #expect(
        outcome.status == 1 && outcome.errorLines.last?.contains("SHA-256") == true, "\(outcome.errors)")
    }
  }
}
