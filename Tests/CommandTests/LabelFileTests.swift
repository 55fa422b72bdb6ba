// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Label files as other programs leave them, and maps as this one does.
@Suite struct LabelFileTests {
  private let size = PixelSize(width: 4, height: 2)
  private let classes: [UInt8] = [8, 8, 9, 9, 2, 3, 0, 255]

  private func maps(_ folder: ScratchFolder, labels bytes: [UInt8], name: String = "a.png") throws -> [String]
  {
    _ = try folder.folder("maps")
    _ = try folder.folder("labels")
    try LabelMap(size: size, pixels: [8, 8, 8, 9, 2, 2, 0, 0]).writePNG(to: folder.path("maps/a.png"))
    try AtomicFile.write(bytes, to: folder.path("labels/\(name)"))
    return ["evaluate", "--predictions", folder.path("maps"), "--labels", folder.path("labels")]
  }

  @Test(
    "Ids in three equal channels score as ids in one, and colours are refused with the pixel that shows it")
  func equalChannels() throws {
    try withTemporaryFolder { folder in
      let single = try done(try maps(folder, labels: LabelMap(size: size, pixels: classes).pngBytes()))
      var three = RGBImage(size: size, pixels: classes.flatMap { [$0, $0, $0] })
      let triple = try done(try maps(folder, labels: three.pngBytes()))
      #expect(triple.output == single.output && triple.output.contains("vegetation"))
      three.pixels[3 * 5 + 2] = 77
      try expectError(
        try maps(folder, labels: three.pngBytes()),
        saying: "3 channels that differ (3, 3, 77 at column 1, row 1)",
        "not colours")
    }
  }

  @Test("A JPEG under the name of a PNG is refused as labels for what it is, and not sent to be renamed")
  func blurred() throws {
    try withTemporaryFolder { folder in
      let jpeg = RGBImage(size: size, filledWith: 8, 8, 8).jpegBytes(quality: 95)
      try expectError(
        try maps(folder, labels: jpeg),
        saying: "found a JPEG, which blurs label values, under the name of a PNG",
        "stays blurred")
    }
  }

  @Test("A folder of JPEG labels alone is told to hold no labels, with their number")
  func jpegFolder() throws {
    try withTemporaryFolder { folder in
      let jpeg = RGBImage(size: size, filledWith: 8, 8, 8).jpegBytes(quality: 95)
      try expectError(
        try maps(folder, labels: jpeg, name: "a.jpg"), saying: "has no labels", "found 1 .jpg",
        "a JPEG blurs ids")
    }
  }

  @Test("Names that do not match are shown, one of each kind")
  func names() throws {
    try withTemporaryFolder { folder in
      let bytes = LabelMap(size: size, pixels: classes).pngBytes()
      try expectError(
        try maps(folder, labels: bytes, name: "mask_1.png"),
        saying: "1 of 1 images have none: a; a label file that belongs to no image is mask_1")
    }
  }

  @Test("evaluate --predictions takes the folder that predict wrote, and scores as evaluate --weights does")
  func predicted() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let labels = [
        "--labels", sample.labels, "--label-space", "camvid11", "--json", folder.path("score.json"),
      ]
      let network = ["--weights", sample.weights, "--images", sample.images, "--size", "64x48"]
      try done(["evaluate"] + network + labels)
      let expected = try json(folder.path("score.json"))["confusion"] as? [[Int]]
      let output = folder.path("labelled")
      try done(["predict"] + network + ["--output", output])
      for maps in [output, "\(output)/", "\(output)/labels"] {
        let outcome = try done(["evaluate", "--predictions", maps] + labels)
        #expect(try json(folder.path("score.json"))["confusion"] as? [[Int]] == expected)
        #expect(outcome.errors.contains("label maps of") == !maps.hasSuffix("labels"), "\(outcome.errors)")
      }
    }
  }

  @Test("Maps that predict wrote in other classes than the labels' are read by their legend")
  func legend() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let output = folder.path("labelled")
      let network = ["--weights", sample.weights, "--images", sample.images, "--size", "64x48"]
      try done(["predict"] + network + ["--label-space", "camvid11", "--output", output])
      let legend = try text("\(output)/legend.svg")
      #expect(legend.contains("<title>Classes of camvid11</title>"))
      // As if a network of Cityscapes' classes had written them: sky, 0, becomes road.
      try AtomicFile.write(
        legend.replacingOccurrences(of: "Classes of camvid11", with: "Classes of cityscapes19"),
        to: "\(output)/legend.svg")
      try done([
        "evaluate", "--predictions", output, "--labels", sample.labels, "--label-space", "camvid11", "--json",
        folder.path("score.json"),
      ])
      let measured = try #require(try json(folder.path("score.json"))["protocol"] as? [String: Any])
      #expect(measured["predicts"] as? String == "cityscapes19")
    }
  }
}
