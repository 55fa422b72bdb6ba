// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct PipelineTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test("data streets draws the same scenes again from the same seed, with labels unless told not to")
  func streets() throws {
    try withTemporaryFolder { folder in
      let again = folder.path("again")
      try done(["data", "streets", "--size", "64x48", "--count", "2", "--no-labels", "--output", again])
      #expect(listing(again) == ["images", "images/noon_00000.png", "images/noon_00001.png"])
      let name = "noon_00001.png"
      #expect(try bytes("\(again)/images/\(name)") == bytes("\(sample.images)/\(name)"))
      #expect(exists("\(sample.labels)/\(name)"))
    }
  }

  @Test("train leaves weights, settings and a line for each step")
  func train() throws {
    let run = sample.folder.path("source")
    #expect(exists(sample.weights))
    #expect(try setting("schedule.steps", of: run) == "2")
    #expect(try jsonLines("\(run)/metrics.jsonl").map { $0["step"] as? Int } == [1, 2])
  }

  @Test("A run folder holds what is promised")
  func runFolder() throws {
    let run = sample.run
    #expect(
      listing(run)?.filter { !$0.hasPrefix("tensorboard/events.out.tfevents.") } == [
        "adapted.pth", "adapted.safetensors", "checkpoints", "checkpoints/step-000003.safetensors",
        "config.yaml", "guard.json", "manifest.json", "metrics.jsonl", "report.html", "tensorboard",
      ])
    let lines = try jsonLines("\(run)/metrics.jsonl")
    #expect(lines.map { $0["step"] as? Int } == [1, 2, 3])
    let keys: Set = [
      "step", "total", "ia", "pe", "ps_label", "ps_prototype", "im", "gradient_norm", "learning_rate",
      "seconds",
    ]
    for line in lines { #expect(Set(line.keys) == keys) }
    let manifest = try json("\(run)/manifest.json")
    #expect((manifest["command"] as? [String])?.dropFirst().first == "adapt")
    #expect((manifest["weights"] as? [String: Any])?["file"] as? String == sample.weights)
    #expect((manifest["images"] as? [String: Any])?["count"] as? Int == 5)
    #expect(manifest["versions"] != nil && manifest["seed"] as? Int == 1)
    #expect(try setting("data.size", of: run) == "64x48")
  }

  @Test("convert goes from .pth to .safetensors and back without a change, and replaces nothing unasked")
  func convert() throws {
    try withTemporaryFolder { folder in
      try done(["convert", "\(sample.run)/adapted.pth", folder.path("a.safetensors")])
      try done(["convert", folder.path("a.safetensors"), folder.path("a.pth")])
      #expect(try bytes(folder.path("a.pth")) == bytes("\(sample.run)/adapted.pth"))
      try expectError(["convert", folder.path("a.pth"), folder.path("a.safetensors")], saying: "--overwrite")
      #expect(try bytes(folder.path("a.safetensors")) == bytes("\(sample.run)/adapted.safetensors"))
    }
  }

  @Test("inspect tells network, classes and fit")
  func inspect() throws {
    let good = try done(["inspect", "--weights", "\(sample.run)/adapted.pth"])
    for words in ["espnet (p = 2, q = 3", "fits exactly", "iapc.classes = camvid11", "sha256"] {
      #expect(good.output.contains(words))
    }
    let other = try done(["inspect", "--weights", fixture("checkpoints/plain.zip.pth", of: "TorchTests")])
    #expect(other.output.contains("network    not espnet"))
  }

  @Test("predict writes label maps, colours, overlays and a legend")
  func predict() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("labelled")
      try done([
        "predict", "--weights", "\(sample.run)/adapted.safetensors", "--images", sample.images, "--output",
        output,
      ])
      let images = (0..<5).map { "noon_0000\($0).png" }
      let kinds = ["colours", "labels", "overlays"]
      let files = kinds.flatMap { kind in [kind] + images.map { "\(kind)/\($0)" } } + ["legend.svg"]
      #expect(listing(output) == files.sorted())
      #expect(try text("\(output)/legend.svg").contains("pedestrian"))
    }
  }

  @Test("pseudo-label writes label maps and confidences")
  func pseudoLabel() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("pseudo")
      try done(["pseudo-label", "--weights", sample.weights, "--images", sample.images, "--output", output])
      let images = (0..<5).map { "noon_0000\($0).png" }
      let files = ["confidence", "labels"].flatMap { kind in [kind] + images.map { "\(kind)/\($0)" } }
      #expect(listing(output) == files.sorted())
    }
  }

  @Test("step replays a stored batch and tells every number")
  func step() throws {
    try withTemporaryFolder { folder in
      let output = folder.path("numbers.json")
      try done([
        "step", "--weights", sample.weights, "--inputs", "\(sample.batches)/step_000001.safetensors",
        "--steps", "2",
        "--learning-rate", "1e-3", "--profile", "reference", "--set", "optimizer.backbone_updates=1", "--set",
        "method.rare_pixels=48",
        "--json", output,
      ])
      let result = try json(output)
      let steps = try #require(result["steps"] as? [[String: Any]])
      #expect(steps.count == 2)
      let keys: Set = ["total", "ia", "pe", "ps_label", "ps_prototype", "im", "class_weight", "seconds"]
      for step in steps {
        #expect(Set(step.keys) == keys)
        #expect((step["class_weight"] as? [Double])?.count == 11)
        let terms = ["ia", "pe", "ps_label", "ps_prototype", "im"].compactMap { step[$0] as? Double }
        #expect(abs(terms.reduce(0, +) - (step["total"] as? Double ?? .nan)) < 1e-5)
      }
      for network in ["student", "teacher"] {
        let sums = try #require(result[network] as? [String: [Double]])
        #expect(sums["classifier.weight"]?.count == 2)
      }
    }
  }
}
