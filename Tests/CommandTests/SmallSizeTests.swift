// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Sizes below what a network can take.
@Suite struct SmallSizeTests {
  /// A SegFormer after one step, and an image of 20x20 with its labels.
  private struct Small {
    let folder: ScratchFolder
    var weights: String { folder.path("source/last.safetensors") }
    var images: String { folder.path("scenes/images") }
    var labels: String { folder.path("scenes/labels") }

    static let made = Result {
      let small = Small(folder: try .keptToTheEnd())
      let sample = try Sample.make()
      try done([
        "data", "streets", "--size", "20x20", "--count", "2", "--output", small.folder.path("scenes"),
      ])
      try done(
        ["train", "--network", "segformer-b0", "--images", sample.images, "--labels", sample.labels]
          + [
            "--label-space", "camvid11", "--size", "64x48", "--crop", "32x32", "--batch", "1", "--steps", "1",
          ]
          + ["--output", small.folder.path("source"), "--set", "runtime.plan=off"])
      return small
    }
  }

  @Test("An image smaller than a SegFormer takes is labelled and scored at its own size, at every scale")
  func smallImages() throws {
    let small = try Small.made.get()
    try withTemporaryFolder { folder in
      let network = ["--weights", small.weights, "--images", small.images]
      for (name, more) in [("own", []), ("scales", ["--scales", "0.05,1"])] {
        let output = folder.path(name)
        try done(["predict", "--output", output] + network + more)
        let map = try bytes("\(output)/labels/noon_00000.png")
        // The width and height of a PNG's header.
        #expect(Array(map[16..<24]) == [0, 0, 0, 20, 0, 0, 0, 20])
      }
      let scored = try done(
        ["evaluate", "--labels", small.labels, "--label-space", "camvid11"] + network)
      #expect(scored.output.contains("mIoU"))
      try done(["pseudo-label", "--output", folder.path("pseudo")] + network)
      try done(["inspect", "--weights", small.weights, "--images", small.images, "--shown", "1"])
    }
  }

  @Test("Every command refuses a size below the network's least, which the line says")
  func refused() throws {
    let (small, sample) = (try Small.made.get(), try Sample.make())
    try withTemporaryFolder { folder in
      let output = folder.path("output")
      let network = ["--weights", small.weights, "--images", sample.images]
      let labels = ["--labels", sample.labels, "--label-space", "camvid11"]
      let commands: [([String], String)] = [
        (["predict", "--output", output, "--size", "16x16"] + network, "--size 16x16"),
        (["predict", "--output", output, "--tile", "16x64"] + network, "--tile 16x64"),
        (["evaluate", "--size", "64x28"] + labels + network, "--size 64x28"),
        (["pseudo-label", "--output", output, "--tile", "28x28"] + network, "--tile 28x28"),
        (["adapt", "--output", output, "--size", "16x16"] + network, "--size 16x16"),
        (["adapt", "--output", output, "--crop", "24x24"] + network, "--crop 24x24"),
        (
          ["train", "--network", "segformer-b0", "--output", output, "--crop", "24x24", "--images"]
            + [sample.images] + labels, "--crop 24x24"
        ),
        (["select", small.weights, "--images", sample.images, "--size", "16x16"], "--size 16x16"),
        (["inspect", "--weights", small.weights, "--images", sample.images, "--size", "16x16"], ""),
        (["export", "--weights", small.weights, "--output", "\(output).onnx", "--size", "16x16"], ""),
        (["benchmark", "step", "--network", "segformer-b0", "--crop", "16x16"], "--crop 16x16"),
        (["benchmark", "evaluate", "--network", "segformer-b0", "--size", "16x16", "--count", "1"], ""),
      ]
      for (arguments, place) in commands {
        let outcome = try iapc(arguments)
        #expect(outcome.status == 1 && outcome.exited, "\(arguments): status \(outcome.status)")
        let error = outcome.errorLines.last ?? ""
        #expect(error.hasPrefix("error: cannot use the "), "\(arguments): \(error)")
        #expect(place.isEmpty || error.contains(place), "\(arguments): \(error)")
        #expect(
          error.contains("segformer-b0 takes widths and heights of at least 29 pixels; the nearest is "),
          "\(error)")
      }
      #expect(!exists(output))
    }
  }

  @Test("Batches of which a normalisation sees one value a channel are refused before the first step")
  func oneValue() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let output = folder.path("output")
      let source = ["--images", sample.images, "--output", output]
      let words = "cannot take the statistics of the batch"
      try expectError(
        ["adapt", "--weights", sample.weights, "--size", "8x8", "--crop", "8x8", "--batch", "1"] + source,
        saying: words, "--size 8x8", "of one image of 8x8, espnet has one value a channel")
      try expectError(
        ["adapt", "--weights", sample.weights, "--crop", "8x8", "--batch", "1"] + source,
        saying: words, "--crop 8x8, --batch 1")
      try expectError(
        ["train", "--crop", "8x8", "--batch", "1", "--labels", sample.labels, "--label-space", "camvid11"]
          + source, saying: words, "--crop 8x8, --batch 1")
      try expectError(
        ["evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels]
          + ["--label-space", "camvid11", "--size", "8x8", "--batch-statistics"],
        saying: words, "take larger images")
      try expectError(
        ["benchmark", "step", "--network", "espnet", "--crop", "8x8", "--batch", "1"], saying: words)
      try done(
        ["adapt", "--weights", sample.weights, "--crop", "8x8", "--batch", "2", "--steps", "1"]
          + ["--set", "runtime.plan=off"] + source)
    }
  }

  @Test("A size beyond any picture's is refused, not tried")
  func huge() throws {
    let sample = try Sample.make()
    for size in ["1000000x1000000", "9223372036854775807x2"] {
      let outcome = try iapc(
        "predict", "--weights", sample.weights, "--images", sample.images, "--output", "x", "--size", size)
      #expect(outcome.status != 0 && outcome.exited)
      #expect(outcome.errors.contains("--size"), "\(outcome.errors)")
    }
  }
}
