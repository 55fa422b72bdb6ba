// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The shipped config from train to evaluate, on tiny miniatures and a network four channels wide.
@Suite("A whole experiment from its config")
struct ExperimentTests {
  private static let config =
    Fixtures.repository.appendingPathComponent("configs/gtav_to_cityscapes.yaml").path

  /// Miniature data sets and a source network, made once.
  private struct Miniature {
    let folder: ScratchFolder
    var gta5: String { folder.path("gta5") }
    var cityscapes: String { folder.path("cityscapes") }
    var source: String { folder.path("source/last.pth") }

    static let made = Result {
      let mini = Miniature(folder: try ScratchFolder())
      try done([
        "data", "streets", "--domain", "simulator", "--layout", "gta5", "--count", "4", "--size", "64x32",
        "--output", mini.gta5,
      ])
      for split in ["train", "val"] {
        try done([
          "data", "streets", "--domain", "city", "--layout", "cityscapes", "--split", split, "--count", "3",
          "--size", "64x32", "--output", mini.cityscapes,
        ])
      }
      try done([
        "train", "--config", config, "--network", "deeplabv2-resnet50", "--variant", "width=4",
        "--data", mini.gta5, "--set", "network.backbone=auto", "--size", "64x32", "--crop", "64x32",
        "--steps", "2",
        "--output", mini.folder.path("source"),
      ])
      return mini
    }
  }

  private let mini: Miniature

  init() throws { mini = try Miniature.made.get() }

  private func evaluate(_ weights: String, _ more: String...) -> [String] {
    [
      "evaluate", "--config", Self.config, "--network", "deeplabv2-resnet50", "--weights", weights, "--data",
      mini.cityscapes, "--size", "64x32",
    ] + more
  }

  @Test("trains on GTA5's layout, adapts to Cityscapes' train split and scores on its val split")
  func wholeWay() throws {
    let run = mini.folder.path("run")
    try done([
      "adapt", "--config", Self.config, "--network", "deeplabv2-resnet50", "--weights", mini.source, "--data",
      mini.cityscapes, "--allow-missing", "--size", "64x32", "--crop", "32x16", "--batch", "2", "--steps",
      "2",
      "--set", "pseudo_labels.size=64x32", "--set", "schedule.warm_up=1", "--output", run,
    ])
    #expect(
      try setting("network.variant", of: run) == "auto" && setting("data.dataset", of: run) == "cityscapes")
    let images = try #require(try json("\(run)/manifest.json")["images"] as? [String: Any])
    #expect((images["names"] as? [String])?.count == 3)
    let result = mini.folder.path("result.json")
    let outcome = try done(evaluate("\(run)/adapted.pth", "--allow-missing", "--json", result))
    #expect(outcome.output.contains("missing: 497 more images"))
    let found = try json(result)
    #expect(found["images"] as? Int == 3 && found["missing"] as? Int == 497)
    let name = (found["protocol"] as? [String: Any])?["name"] as? String
    #expect(name == "sfda, size 64x32")
    let sets = try #require(found["class_sets"] as? [[String: Any]])
    #expect(sets.compactMap { $0["name"] as? String } == ["cityscapes19"])
  }

  @Test("refuses a data set with missing images until that is allowed")
  func missing() throws {
    try expectError(
      evaluate(mini.source), saying: "497 of the 500 images of cityscapes val are not there",
      "--allow-missing")
  }

  @Test("says which network weights are of, where another is named")
  func network() throws {
    try expectError(
      [
        "evaluate", "--config", Self.config, "--weights", mini.source, "--data", mini.cityscapes,
        "--allow-missing",
      ], saying: "those of deeplabv2-resnet50, not of deeplabv2-resnet101")
  }

  @Test("labels a data set's images by name, for a look")
  func pseudoLabels() throws {
    let output = mini.folder.path("pseudo")
    try done([
      "pseudo-label", "--config", Self.config, "--network", "deeplabv2-resnet50", "--weights", mini.source,
      "--data", mini.cityscapes, "--allow-missing", "--size", "64x32", "--output", output,
    ])
    #expect((listing("\(output)/labels") ?? []).filter { $0.hasSuffix(".png") }.count == 3)
  }

  @Test("starts a fresh network from another's body, and says what it took")
  func backbone() throws {
    let outcome = try done([
      "train", "--network", "deeplabv2-resnet50", "--variant", "width=4", "--classes", "cityscapes16",
      "--dataset", "gta5", "--data", mini.gta5, "--allow-missing", "--backbone", mini.source, "--size",
      "64x32", "--crop", "32x16", "--batch", "2", "--steps", "1", "--output", mini.folder.path("sixteen"),
    ])
    // The body of 318 entries; the classifier's 8 are of 19 classes and stay fresh.
    #expect(outcome.errors.contains("took 318 entries, 8 start fresh"), "\(outcome.errors)")
    let inspected = try done(["inspect", "--weights", mini.folder.path("sixteen/last.pth")]).output
    #expect(inspected.contains("iapc.classes = cityscapes16"))
  }
}
