// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Images that a camera held upside down or upright has stored as it was held.
@Suite("EXIF orientation in commands")
struct ExifTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// The sample's images, stored so that viewers turn them back: upside down, and lying on a side.
  private func turned(in folder: ScratchFolder) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: sample.images).sorted()
    let images = try folder.folder("turned")
    for (index, name) in names.enumerated() {
      let image = try ImageFile.readRGB("\(sample.images)/\(name)")
      let value: UInt8 = index % 2 == 0 ? 3 : 6
      let bytes = (value == 3 ? image.upsideDown : image.lying).pngBytes()
      try AtomicFile.write(Self.withOrientation(value, bytes), to: "\(images)/\(name)")
    }
    return images
  }

  /// A PNG with an eXIf chunk before its end.
  private static func withOrientation(_ value: UInt8, _ png: [UInt8]) -> [UInt8] {
    let directory: [UInt8] = [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0]
    let chunk = Array("eXIfMM\0*".utf8) + directory
    var sum = ~UInt32(0)
    for byte in chunk {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : 0xedb8_8320 ^ sum >> 1 }
    }
    var bytes = Array(png.dropLast(12))
    for word in [UInt32(chunk.count - 4), ~sum] {
      if word == ~sum { bytes += chunk }
      bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
    return bytes + png.suffix(12)
  }

  private func score(_ images: String, _ more: String...) throws -> [[Int]] {
    try withTemporaryFolder { folder in
      try done(
        [
          "evaluate", "--weights", sample.weights, "--images", images, "--labels", sample.labels,
          "--label-space", "camvid11", "--size", "64x48", "--json", folder.path("score.json"),
        ] + more)
      return try #require(try json(folder.path("score.json"))["confusion"] as? [[Int]])
    }
  }

  @Test("evaluate scores turned images as it scores upright ones, beside upright labels")
  func evaluate() throws {
    try withTemporaryFolder { folder in
      let images = try turned(in: folder)
      #expect(try score(images) == score(sample.images))
    }
  }

  @Test("data check counts turned images, and finds labels of stored pixels with --exif-orientation ignore")
  func check() throws {
    try withTemporaryFolder { folder in
      let images = try turned(in: folder)
      let arguments = [
        "data", "check", "--images", images, "--labels", sample.labels, "--label-space", "camvid11",
      ]
      let outcome = try done(arguments + ["--json", folder.path("check.json")])
      #expect(outcome.output.contains("turned     5 images by their EXIF orientation, as viewers turn them"))
      #expect(outcome.output.contains("size       64x48: 5") && outcome.output.contains("nothing is wrong"))
      #expect(try json(folder.path("check.json"))["turned"] as? Int == 5)
      #expect(try !done(["data", "check", "--images", sample.images]).output.contains("turned"))
      let ignored = try iapc(arguments + ["--exif-orientation", "ignore"])
      #expect(ignored.status == 1 && ignored.output.contains("left as they are stored"))
      #expect(ignored.output.contains("is 48x64, the label is 64x48"))
    }
  }

  @Test("adapt takes the same steps on turned images as on upright ones, and others where EXIF is ignored")
  func adapt() throws {
    try withTemporaryFolder { folder in
      let images = try turned(in: folder)
      func losses(_ name: String, _ images: String, _ more: String...) throws -> [Double] {
        let run = folder.path(name)
        try done(
          [
            "adapt", "--weights", sample.weights, "--images", images, "--output", run, "--batch", "2",
            "--size", "64x48", "--crop", "32x24", "--steps", "2",
          ] + more)
        return try totals(run)
      }
      let upright = try losses("upright", sample.images)
      #expect(try losses("applied", images) == upright)
      #expect(try losses("stored", images, "--exif-orientation", "ignore") != upright)
      #expect(try setting("data.exif_orientation", of: folder.path("stored")) == "ignore")
    }
  }

  @Test("predict writes maps of the size that viewers show")
  func predict() throws {
    try withTemporaryFolder { folder in
      let images = try turned(in: folder)
      for (name, more) in [("applied", []), ("ignored", ["--set", "data.exif_orientation=ignore"])] {
        let output = folder.path(name)
        try done(
          ["predict", "--weights", sample.weights, "--images", images, "--size", "64x48", "--output", output]
            + more)
        let size = try ImageFile.readSize("\(output)/labels/noon_00001.png")
        #expect(size == (more.isEmpty ? PixelSize(width: 64, height: 48) : PixelSize(width: 48, height: 64)))
      }
    }
  }
}

extension RGBImage {
  private func moved(to size: PixelSize, _ source: (Int, Int) -> (x: Int, y: Int)) -> RGBImage {
    var result = RGBImage(size: size)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let from = source(x, y)
        for channel in 0..<3 {
          result.pixels[3 * (y * size.width + x) + channel] = pixels[3 * (from.y * width + from.x) + channel]
        }
      }
    }
    return result
  }

  /// What orientation 3 turns back.
  fileprivate var upsideDown: RGBImage { moved(to: size) { (width - 1 - $0, height - 1 - $1) } }

  /// What orientation 6, a quarter turn clockwise, turns back.
  fileprivate var lying: RGBImage {
    moved(to: PixelSize(width: height, height: width)) { x, y in (width - 1 - y, x) }
  }
}
