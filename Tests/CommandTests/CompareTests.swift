// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct CompareTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private func compare(
    _ methods: String, to output: String, steps: [String] = ["--steps", "2"], seeds: String = "1,2"
  ) -> [String] {
    [
      "compare", "--methods", methods, "--seeds", seeds, "--output", output, "--labelled-images",
      sample.images,
      "--labels", sample.labels, "--label-space", "camvid11", "--count", "3", "--checkpoints", "2", "--",
      "--weights", sample.weights, "--images", sample.images, "--batch", "2", "--crop", "32x24",
    ] + steps
  }

  @Test("compare runs each method for each seed, makes one table and a page, and keeps what is done")
  func table() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("compared")
      let methods = [
        "adabn:auto", "adabn:per-image", "tent", "iapc:paper+loss_weights.im=0+schedule.steps=3",
      ]
      let outcome = try done(compare(methods.joined(separator: ","), to: output))
      let table = try String(contentsOfFile: "\(output)/table.md", encoding: .utf8)
      #expect(outcome.output.contains(table.trimmingCharacters(in: .newlines)))
      let rows = table.split(separator: "\n").dropFirst(2)
      #expect(rows.map { $0.split(separator: "|")[0].filter { $0 != " " } } == methods)
      #expect(rows.allSatisfy { $0.hasSuffix("| 2 |") && $0.contains("±") })

      let data = try Data(contentsOf: URL(fileURLWithPath: "\(output)/table.json"))
      let runs = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      #expect(runs.count == 8)
      for run in runs {
        let (score, cost) = (
          try #require(run["score"] as? [String: Double]), run["cost"] as? [String: Double]
        )
        #expect(score["oracle"]! >= score["last"]! && score["oracle"]! >= score["selected"]!)
        #expect(cost?["seconds"] ?? 0 > 0 && cost?["peak_resident_bytes"] ?? 0 > 1e7)
      }
      let settings = try String(
        contentsOfFile: "\(output)/iapc-paper-loss-weights.im-0-schedule.steps-3-2/config.yaml",
        encoding: .utf8)
      #expect(settings.contains("seed: 2") && settings.contains("profile: paper"))
      #expect(settings.contains("steps: 3"))
      let statistics = try String(contentsOfFile: "\(output)/adabn-auto-1/config.yaml", encoding: .utf8)
      #expect(statistics.contains("source_fraction: auto"))
      let others = try String(contentsOfFile: "\(output)/tent-1/config.yaml", encoding: .utf8)
      #expect(others.contains("steps: 2"))
      #expect(FileManager.default.fileExists(atPath: "\(output)/report.html"))

      let before = try bytes("\(output)/tent-1/manifest.json")
      let again = try done(compare(methods.joined(separator: ","), to: output))
      #expect(again.output.contains(table.trimmingCharacters(in: .newlines)))
      #expect(!again.errors.contains("adapt 1/2"))
      #expect(try bytes("\(output)/tent-1/manifest.json") == before)
    }
  }

  @Test("each method is scored with the statistics that it is used with, which the table names")
  func statistics() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("compared")
      // Of the source's statistics 81 % are left after 2 steps, and 2 % after 40.
      let methods = [
        ("source-only", "source"), ("adabn", "target"), ("adabn:per-image", "each image's"),
        ("tent", "target"), ("tent+batch_norm.final=source", "running"),
        ("tent+schedule.steps=40", "running"),
        ("tent+batch_norm.student=stored", "source"), ("dt-st", "source"), ("cotta", "target"),
        ("iapc:reference", "running"),
      ]
      let outcome = try done(compare(methods.map(\.0).joined(separator: ","), to: output, seeds: "1"))
      #expect(try comparedStatistics(output) == methods.map(\.1))
      #expect(outcome.errors.contains("by its momentum of 0.1, 2 steps leave 81 % of the source's"))
      for name in ["tent-1", "cotta-1", "tent-schedule.steps-40-1"] {
        let score = try json("\(output)/\(name)/score.json")["last"] as? Double
        try done([
          "evaluate", "--weights", "\(output)/\(name)/adapted.safetensors", "--images", sample.images,
          "--labels",
          sample.labels, "--size", "64x48", "--json", folder.path("evaluated.json"),
        ])
        #expect(score == (try json(folder.path("evaluated.json"))["mIoU"] as? Double), "\(name)")
      }
    }
  }

  @Test(
    "a method's own steps count in the place of --steps, in either form",
    arguments: [["--steps", "2"], ["--steps=2"]])
  func steps(words: [String]) throws {
    try withTemporaryFolder { folder in
      try done(compare("source-only,tent+schedule.steps=3,tent", to: folder.path("compared"), steps: words))
      for (name, count) in [("tent-schedule.steps-3", 3), ("tent", 2)] {
        let run = folder.path("compared/\(name)-1")
        #expect(try jsonLines("\(run)/metrics.jsonl").count == count)
        #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/step-00000\(count).safetensors"))
      }
    }
  }

  @Test("a method that there is not, and a run that fails, are told in one line")
  func refused() throws {
    try withTemporaryFolder { folder in
      try expectError(compare("tend", to: folder.path("a")), saying: "tend", "tent")
      try expectError(compare("iapc:best", to: folder.path("a")), saying: "iapc:best")
      let broken = compare("tent", to: folder.path("b")) + ["--set", "teacher.ema_decay=2"]
      let outcome = try iapc(broken)
      #expect(outcome.status == 1 && outcome.errors.contains("teacher.ema_decay"), "\(outcome.errors)")
    }
  }
}

/// The column `statistics` of the table that `compare` wrote into a folder.
func comparedStatistics(_ output: String) throws -> [String] {
  let table = try String(contentsOfFile: "\(output)/table.md", encoding: .utf8)
  let rows = table.split(separator: "\n").map { line in
    line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
  }
  let column = try #require(rows[0].firstIndex(of: "statistics"))
  return rows.dropFirst(2).map { $0[column] }
}
