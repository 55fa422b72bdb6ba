// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing

/// The keys of files that other programs read.
@Suite struct KeyTests {
  /// Keys of JSON, without those of dictionaries by name: of timed parts, sizes, criteria, settings.
  private func keys(_ value: Any) -> Set<String> {
    let open: Set = ["breakdown", "sizes", "criteria", "spearman", "settings"]
    if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys($1)) } }
    guard let object = value as? [String: Any] else { return [] }
    return object.reduce(into: Set(object.keys)) { found, entry in
      if !open.contains(entry.key) { found.formUnion(keys(entry.value)) }
    }
  }

  private func expectSnakeCase(_ found: Set<String>, _ place: String) {
    for key in found {
      #expect(key.wholeMatch(of: /[a-z0-9_]*(mIoU)?/) != nil, "\(key) in \(place)")
    }
  }

  @Test("JSON of every command has keys in snake_case")
  func json() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let labelled = ["--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11"]
      let commands: [[String]] = [
        ["evaluate", "--weights", sample.weights] + labelled, ["data", "check"] + labelled,
        ["select", sample.run] + labelled,
        ["benchmark", "step", "--network", "espnet", "--crop", "64x48", "--batch", "2", "--steps", "1"],
        [
          "benchmark", "data", "--size", "64x48", "--crop", "32x24", "--scene-size", "96x64", "--count", "2",
          "--batch", "2",
        ],
      ]
      var all: Set<String> = []
      for command in commands {
        let file = folder.path("out.json")
        try done(command + ["--json", file])
        let found = keys(try JSONSerialization.jsonObject(with: Data(bytes(file))))
        expectSnakeCase(found, command.joined(separator: " "))
        all.formUnion(found)
        try FileManager.default.removeItem(atPath: file)
      }
      let wanted: Set = [
        "label_space", "class_pixels", "bad_files", "left_out", "last_mIoU", "seconds_per_step",
        "peak_resident_bytes", "images_per_second",
      ]
      #expect(wanted.isSubset(of: all), "\(wanted.subtracting(all))")
    }
  }

  @Test("A run folder's JSON has keys in snake_case, and its config.yaml settings in groups")
  func run() throws {
    let run = RunFolder(try Sample.make().run)
    for line in try text(run.metrics).split(separator: "\n") {
      let found = keys(try JSONSerialization.jsonObject(with: Data(line.utf8)))
      expectSnakeCase(found, run.metrics)
      #expect(found.isSuperset(of: ["step", "total", "learning_rate", "gradient_norm", "seconds"]))
    }
    expectSnakeCase(keys(try JSONSerialization.jsonObject(with: Data(bytes(run.manifest)))), run.manifest)
    for item in try ConfigFile.read(run.config) where item.name != "profile" {
      #expect(item.name.wholeMatch(of: /[a-z_]+\.[a-z_]+/) != nil, "\(item.name)")
    }
  }

  @Test("A command whose settings are its options takes them from a config file by the names of a run's")
  func options() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let config = try folder.file(
        "c.yaml",
        Array(
          """
          network:
            weights: \(sample.weights)
          evaluate:
            data: {images: \(sample.images), labels: \(sample.labels), label_space: camvid11, size: 32x24}
            class_set: camvid
          """.utf8))
      try expectError(["evaluate", "--config", config], saying: "network.weights stands above the sections")
      let own = try folder.file(
        "own.yaml",
        Array(
          """
          network: {weights: \(sample.weights)}
          data: {images: \(sample.images), labels: \(sample.labels), label_space: camvid11, size: 32x24}
          """.utf8))
      try done(["evaluate", "--config", own, "--set", "runtime.threads=1", "--json", folder.path("e.json")])
      let found = try CommandTests.json(folder.path("e.json"))
      #expect((found["protocol"] as? [String: Any])?["input"] as? String == "32x24")
      for (name, nearest) in [("label_space", "data.label_space"), ("labelSpace", "data.label_space")] {
        try expectError(
          ["evaluate", "--config", own, "--set", "\(name)=camvid11"], saying: "unknown setting", name, nearest
        )
      }
    }
  }
}
