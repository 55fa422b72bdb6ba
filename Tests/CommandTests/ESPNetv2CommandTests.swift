// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The published weights, shared between projects and too large for this repository.
private let published = Fixtures.shared?.appendingPathComponent("weights/espnetv2_s_2.0_city_1024x512.pth")
  .path
private let hasPublished = published.map { FileManager.default.fileExists(atPath: $0) } ?? false

/// A small ESPNetv2 of a few steps on drawn streets.
private struct Trained: Sendable {
  let folder: ScratchFolder

  var images: String { folder.path("scenes/images") }
  var labels: String { folder.path("scenes/labels") }
  var weights: String { folder.path("source/last.pth") }

  static func make() throws -> Trained { try made.get() }

  private static let made = Result {
    let trained = Trained(folder: try .keptToTheEnd())
    let scenes = trained.folder.path("scenes")
    try done(["data", "streets", "--size", "64x48", "--count", "4", "--output", scenes])
    try done([
      "train", "--network", "espnetv2", "--set", "network.variant=s=0.5", "--images", trained.images,
      "--labels",
      trained.labels, "--label-space", "camvid11", "--size", "64x48", "--crop", "32x32", "--batch", "2",
      "--steps", "2", "--output", trained.folder.path("source"),
    ])
    return trained
  }

  func adapt(to output: String, _ more: String...) -> [String] {
    [
      "adapt", "--weights", weights, "--images", images, "--output", output, "--batch", "2", "--crop",
      "32x32", "--steps", "2",
    ] + more
  }
}

@Suite("iapc with an ESPNetv2") struct ESPNetv2CommandTests {
  private let trained: Trained

  init() throws { trained = try Trained.make() }

  @Test("inspect tells its size, which the weights show, and that they fit")
  func inspect() throws {
    let output = try done(["inspect", "--weights", trained.weights]).output
    #expect(output.contains("espnetv2 (s = 0.5, 11 outputs): fits exactly"))
    #expect(output.contains("imageNet"), "\(output)")
  }

  @Test(
    "every method adapts it, and what comes out predicts",
    arguments: ["iapc", "adabn", "tent", "self-training", "urma", "hcl", "cotta", "dt-st"])
  func methods(method: String) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(trained.adapt(to: run, "--method", method))
      let output = try done([
        "evaluate", "--weights", "\(run)/adapted.safetensors", "--images", trained.images, "--labels",
        trained.labels, "--label-space", "camvid11",
      ]).output
      #expect(output.contains("mIoU"))
      try done([
        "predict", "--weights", "\(run)/adapted.pth", "--images", trained.images, "--output",
        folder.path("labelled"), "--mirror",
      ])
      #expect(listing(folder.path("labelled/labels"))?.count == 4)
    }
  }

  @Test("bfloat16 adapts it, and convert gives its entries back")
  func precision() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(trained.adapt(to: run, "--precision", "bfloat16"))
      let other = folder.path("other.safetensors")
      try done(["convert", "\(run)/adapted.pth", other])
      #expect(try done(["inspect", "--weights", other]).output.contains("espnetv2 (s = 0.5, 11 outputs)"))
    }
  }

  @Test("a variant that is none, or another than the weights', and sizes it does not take are one error")
  func errors() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try expectError(
        trained.adapt(to: run) + ["--crop", "40x32"],
        saying: "espnetv2 takes widths and heights that are multiples of 16", "the nearest is")
      for (text, words) in [
        ("s=0.7", "s=0.7"), ("t=1.0", "s"), ("s=1", "the weights are those of s=0.5"),
        ("advent", "ESPNetv2s know no origins"),
      ] {
        let outcome = try iapc(trained.adapt(to: run) + ["--network", "espnetv2", "--variant", text])
        #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(text == "s=0.7" ? "0.7" : words), "\(outcome.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: run))
    }
  }

  @Test("a step is timed with weights that are drawn, of the size that the variant names")
  func benchmark() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("step.json")
      try done([
        "benchmark", "step", "--network", "espnetv2", "--crop", "64x32", "--batch", "2", "--steps", "1",
        "--json", file,
      ])
      #expect(try json(file)["seconds_per_step"] != nil)
    }
  }

  @Test(
    "the published file, whose tensors were on a GPU, is read on the CPU, adapted and predicts",
    .enabled(if: hasPublished, "the shared weights are not beside the repository"))
  func publishedWeights() throws {
    let weights = try #require(published)
    let output = try done(["inspect", "--weights", weights]).output
    #expect(output.contains("espnetv2 (s = 2.0, 20 outputs): fits exactly"), "\(output)")
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done([
        "adapt", "--weights", weights, "--images", trained.images, "--output", run, "--batch", "2", "--crop",
        "32x32", "--steps", "2",
      ])
      try done([
        "predict", "--weights", "\(run)/adapted.pth", "--images", trained.images, "--output",
        folder.path("labelled"),
      ])
    }
  }
}
