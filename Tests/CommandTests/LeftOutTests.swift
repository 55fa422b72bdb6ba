// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Folders as they are found: pictures of many formats, names of old disks, links to what has been moved.
@Suite("Folders of all kinds of pictures")
struct LeftOutTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// A copy of the sample's images under a name for each, which may hold any bytes.
  private func copies(in folder: ScratchFolder, _ name: (Int) -> [UInt8], of source: String, as kind: String)
    throws
    -> String
  {
    let made = try folder.folder(kind)
    for (index, file) in try FileManager.default.contentsOfDirectory(atPath: source).sorted().enumerated() {
      let path = Array(made.utf8) + [UInt8(ascii: "/")] + name(index) + [0]
      let descriptor = open(path.map { CChar(bitPattern: $0) }, O_WRONLY | O_CREAT, 0o644)
      try #require(descriptor >= 0)
      try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(
        contentsOf: bytes("\(source)/\(file)"))
    }
    return made
  }

  private static func latin(_ index: Int) -> [UInt8] {
    Array("caf".utf8) + [0xe9] + Array("_\(index).png".utf8)
  }

  @Test(
    "Images with names in Latin-1 are read, paired with labels of such names, and labelled under UTF-8 ones")
  func latinNames() throws {
    try withTemporaryFolder { folder in
      let images = try copies(in: folder, Self.latin, of: sample.images, as: "images")
      let labels = try copies(in: folder, Self.latin, of: sample.labels, as: "labels")
      let checked = try done([
        "data", "check", "--images", images, "--labels", labels, "--label-space", "camvid11",
      ])
      #expect(checked.output.contains("pairs      5,") && checked.output.contains("nothing is wrong"))
      let output = folder.path("labelled")
      try done([
        "predict", "--weights", sample.weights, "--images", images, "--size", "64x48", "--output", output,
      ])
      #expect(exists("\(output)/labels/caf\u{e9}_0.png") && exists("\(output)/overlays/caf\u{e9}_4.png"))
    }
  }

  @Test("A file with a name in Latin-1 that cannot be read is told by its name, and is no dead link")
  func latinProblem() throws {
    try withTemporaryFolder { folder in
      let images = try copies(in: folder, Self.latin, of: sample.images, as: "images")
      _ = try folder.folder("texts", [("\(sample.images)/noon_00000.png", "x.txt")])
      let broken = try copies(in: folder, Self.latin, of: folder.path("texts"), as: "images/more")
      #expect(exists(broken))
      let outcome = try iapc(["data", "check", "--images", images])
      #expect(
        outcome.status == 0 && outcome.output.contains("images     6"), "\(outcome.output)\(outcome.errors)")
      try AtomicFile.write("no picture", to: folder.path("texts/x.txt"))
      _ = try copies(in: folder, { _ in [0xff] + Array(".png".utf8) }, of: folder.path("texts"), as: "bad")
      try expectError(
        [
          "predict", "--weights", sample.weights, "--images", folder.path("bad"), "--output",
          folder.path("o"),
        ],
        saying: "bad/\\xFF.png", "found no image")
    }
  }

  @Test("What is left out is counted and named, by data check and by adapt")
  func told() throws {
    try withTemporaryFolder { folder in
      let images = folder.path("images")
      try FileManager.default.copyItem(atPath: sample.images, toPath: images)
      for name in ["a.HEIC", "b.heic", "c.gif", "notes.txt"] {
        try AtomicFile.write("x", to: "\(images)/\(name)")
      }
      try FileManager.default.createSymbolicLink(
        atPath: "\(images)/more", withDestinationPath: folder.path("moved-away"))
      let told = [
        "2 .heic, 1 .gif of a picture format that is not read", "1 link leads nowhere: \(images)/more",
      ]
      let check = try iapc(["data", "check", "--images", images, "--json", folder.path("check.json")])
      #expect(check.status == 1)
      for words in told { #expect(check.output.contains("left out   \(words)"), "\(check.output)") }
      let found = try #require(try json(folder.path("check.json"))["left_out"] as? [String: [String]])
      #expect(found["other_formats"]?.count == 3 && found["dead_links"] == ["\(images)/more"])
      let run = try done([
        "adapt", "--weights", sample.weights, "--images", images, "--output", folder.path("run"), "--batch",
        "2",
        "--crop", "32x24", "--steps", "1",
      ])
      let predicted = try done([
        "predict", "--weights", sample.weights, "--images", images, "--size", "64x48", "--output",
        folder.path("o"),
      ])
      for words in told {
        #expect(run.errors.contains("left out: \(words)"), "\(run.errors)")
        #expect(predicted.errors.contains("left out: \(words)"), "\(predicted.errors)")
      }
      try FileManager.default.removeItem(atPath: "\(images)/more")
      let rest = try done(["data", "check", "--images", images])
      #expect(rest.output.contains("nothing is wrong with the others"))
    }
  }

  @Test("A folder of pictures of a format that is not read alone is refused with their number")
  func strangersAlone() throws {
    try withTemporaryFolder { folder in
      let images = try folder.folder("images")
      try AtomicFile.write("x", to: "\(images)/a.heic")
      try expectError(
        ["data", "check", "--images", images], saying: "found 1 .heic, which are not read", "PNG")
    }
  }

  @Test("BMP images score as the PNG images do")
  func bmp() throws {
    try withTemporaryFolder { folder in
      let images = try folder.folder("images")
      for name in try FileManager.default.contentsOfDirectory(atPath: sample.images) {
        let image = try ImageFile.readRGB("\(sample.images)/\(name)")
        try AtomicFile.write(image.bmpBytes, to: "\(images)/\((name as NSString).deletingPathExtension).bmp")
      }
      func score(_ images: String) throws -> [[Int]]? {
        try done([
          "evaluate", "--weights", sample.weights, "--images", images, "--labels", sample.labels,
          "--label-space", "camvid11", "--size", "64x48", "--json", folder.path("score.json"),
        ])
        return try json(folder.path("score.json"))["confusion"] as? [[Int]]
      }
      #expect(try score(images) == score(sample.images))
    }
  }

  @Test("A folder of JPEG, PNG, WebP, TIFF and BMP images is adapted to, 16-bit ones among them")
  func formats() throws {
    try withTemporaryFolder { folder in
      let formats = ["rgb.tif", "rgb16.tif", "lossy.webp", "alpha.webp", "palette8.bmp", "masked16.bmp"]
      let images = try folder.folder(
        "images",
        formats.map { name in
          (
            fixture("formats/\(name)", of: "ImagingTests"),
            "\(name.replacingOccurrences(of: ".", with: "_"))\(name.suffix(5))"
          )
        } + [(fixture("pictures/baseline.jpg", of: "ImagingTests"), "b.jpg")])
      let check = try done(["data", "check", "--images", images])
      #expect(check.output.contains("images     7") && check.output.contains("size       27x19: 6"))
      try done([
        "adapt", "--weights", sample.weights, "--images", images, "--output", folder.path("run"), "--batch",
        "2",
        "--size", "64x48", "--crop", "32x24", "--steps", "1",
      ])
    }
  }
}

extension RGBImage {
  /// An uncompressed BMP of 24 bits.
  fileprivate var bmpBytes: [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var rows: [UInt8] = []
    for y in (0..<height).reversed() {
      for x in 0..<width { rows += pixels[3 * (y * width + x)..<3 * (y * width + x) + 3].reversed() }
      while rows.count % 4 != 0 { rows.append(0) }
    }
    var bytes: [UInt8] = Array("BM".utf8)
    for value in [54 + rows.count, 0, 54, 40, width, height] { bytes += word(value) }
    bytes += [1, 0, 24, 0]
    for value in [0, rows.count, 0, 0, 0, 0] { bytes += word(value) }
    return bytes + rows
  }
}
