// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

/// A Python with Pillow and numpy, where there is one.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

@Suite struct SubmissionTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// Weights for Cityscapes' 19 classes: the scenes' ids are ids of its too.
  private func weights(_ folder: ScratchFolder) throws -> String {
    try done([
      "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "cityscapes19",
      "--size",
      "64x48", "--crop", "32x24", "--batch", "2", "--steps", "1", "--output", folder.path("source"),
    ])
    return folder.path("source/last.safetensors")
  }

  private func images(_ folder: ScratchFolder, _ names: [String]) throws -> String {
    let files = try FileManager.default.contentsOfDirectory(atPath: sample.images).sorted()
    for (file, name) in zip(files, names) {
      let path = folder.path("images/\(name).png")
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: "\(sample.images)/\(file)", toPath: path)
    }
    return folder.path("images")
  }

  private func predict(_ folder: ScratchFolder, _ weights: String, _ output: String, _ more: [String]) throws
  {
    try done(
      ["predict", "--weights", weights, "--images", folder.path("images"), "--output", output] + more)
  }

  @Test("A submission to Cityscapes is one flat folder of label ids, and evaluate reads it back")
  func cityscapes() throws {
    try withTemporaryFolder { folder in
      let weights = try weights(folder)
      _ = try images(
        folder, ["bonn/bonn_000000_000019_leftImg8bit", "berlin/berlin_000003_000019_leftImg8bit"])
      try predict(folder, weights, folder.path("plain"), [])
      try predict(folder, weights, folder.path("out"), ["--submission", "cityscapes"])
      let names = ["berlin_000003_000019_leftImg8bit.png", "bonn_000000_000019_leftImg8bit.png"]
      #expect(listing(folder.path("out")) == names)
      let ids: [UInt16] = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
      for name in names {
        let city = name.split(separator: "_")[0]
        let plain = try ImageFile.readIndices(folder.path("plain/labels/\(city)/\(name)"))
        let found = try ImageFile.readIndices(folder.path("out/\(name)"))
        #expect(found.size == plain.size && found.channels == 1 && !found.isPalette)
        #expect(found.values == plain.values.map { ids[Int($0)] })
      }
      try done([
        "evaluate", "--predictions", folder.path("out"), "--classes", "cityscapesIds", "--labels",
        folder.path("plain/labels"), "--label-space", "cityscapes19", "--json", folder.path("score.json"),
      ])
      #expect(try json(folder.path("score.json"))["mIoU"] as? Double == 1)
    }
  }

  @Test("Submissions to ACDC and Dark Zurich hold train ids in the folders that their servers ask for")
  func adverse() throws {
    try withTemporaryFolder { folder in
      let weights = try weights(folder)
      _ = try images(
        folder, ["fog/test/GOPR0475/GOPR0475_frame_000247_rgb_anon", "night/GP010376_frame_000005_rgb_anon"])
      try predict(folder, weights, folder.path("acdc"), ["--submission", "acdc"])
      let names = ["GOPR0475_frame_000247_rgb_anon.png", "GP010376_frame_000005_rgb_anon.png"]
      #expect(listing(folder.path("acdc")) == ["labelTrainIds"] + names.map { "labelTrainIds/\($0)" })
      try predict(folder, weights, folder.path("dark"), ["--submission", "dark-zurich"])
      let folders = ["confidence", "labelTrainIds", "labelTrainIds_invalid"]
      #expect(
        listing(folder.path("dark")) == folders.flatMap { place in [place] + names.map { "\(place)/\($0)" } })
      for name in names {
        let acdc = try bytes(folder.path("acdc/labelTrainIds/\(name)"))
        #expect(try bytes(folder.path("dark/labelTrainIds/\(name)")) == acdc)
        #expect(try bytes(folder.path("dark/labelTrainIds_invalid/\(name)")) == acdc)
        let map = try ImageFile.readIndices(folder.path("acdc/labelTrainIds/\(name)"))
        #expect(map.values.allSatisfy { $0 < 19 } && map.size == PixelSize(width: 64, height: 48))
      }
    }
  }

  @Test(
    "Pillow reads a submission's files as 8-bit grey pictures of the images' size with the same values",
    .enabled(if: python != nil, "set IAPC_PYTHON to a Python with Pillow"))
  func pillow() throws {
    try withTemporaryFolder { folder in
      let weights = try weights(folder)
      _ = try images(folder, ["ulm_000000_000019_leftImg8bit"])
      try predict(folder, weights, folder.path("out"), ["--submission", "cityscapes"])
      let path = folder.path("out/ulm_000000_000019_leftImg8bit.png")
      let script =
        "import sys, PIL.Image; i = PIL.Image.open(sys.argv[1]); print(i.mode, *i.size, *i.tobytes())"
      let outcome = try Command(["-c", script, path], program: python).outcome()
      let values = try ImageFile.readIndices(path).values.map { String($0) }
      #expect(
        outcome.output.split { $0 == " " || $0 == "\n" }.map(String.init) == ["L", "64", "48"] + values)
    }
  }

  @Test("Other classes, other names, a name twice and files of something else are refused")
  func refused() throws {
    try withTemporaryFolder { folder in
      let weights = try weights(folder)
      let output = folder.path("out")
      let start = [
        "predict", "--images", try images(folder, ["a/ulm_000000_000019_leftImg8bit"]), "--output",
      ]
      try expectError(
        start + [output, "--weights", sample.weights, "--submission", "cityscapes"], saying: "camvid11",
        "pavement")
      try expectError(
        start + [output, "--weights", weights, "--submission", "acdc"], saying: "ulm_", "SEQUENCE_frame_")
      _ = try folder.folder("out", [("\(sample.images)/noon_00000.png", "noon.png")])
      try expectError(
        start + [output, "--weights", weights, "--submission", "cityscapes", "--overwrite"],
        saying: "noon.png", "its own files only")
      let foggy = folder.path("images/b/ulm_000000_000019_leftImg8bit_foggy_beta_0.02.png")
      try FileManager.default.createDirectory(
        atPath: folder.path("images/b"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: folder.path("images/a/ulm_000000_000019_leftImg8bit.png"), toPath: foggy)
      try expectError(
        start + [folder.path("new"), "--weights", weights, "--submission", "cityscapes"],
        saying: "ulm_000000_000019 too")
      #expect(!exists(folder.path("new")))
      #expect(
        try iapc(start + [output, "--weights", weights, "--submission", "acdc", "--label-space", "camvid11"])
          .status == 64)
    }
  }
}
