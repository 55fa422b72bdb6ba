// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct ProtocolTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private func evaluate(_ folder: ScratchFolder, _ more: String...) throws -> [String: Any] {
    let path = folder.path("out.json")
    try done(
      [
        "evaluate", "--weights", "\(sample.run)/adapted.safetensors", "--images", sample.images, "--labels",
        sample.labels, "--json", path,
      ] + more)
    return try json(path)
  }

  private func way(_ result: [String: Any]) throws -> [String: Any] {
    try #require(result["protocol"] as? [String: Any])
  }

  @Test("A result says how it was measured, and what was replaced in a named protocol")
  func names() throws {
    try withTemporaryFolder { folder in
      let plain = try way(try evaluate(folder))
      #expect(plain["name"] as? String == "full" && plain["input"] as? String == "each image's own size")
      #expect(plain["upsampling"] as? String == "bilinear, align_corners")
      #expect(plain["scales"] as? [Double] == [1] && plain["mirror"] as? Bool == false)
      let small = try way(
        try evaluate(folder, "--protocol", "daformer", "--size", "64x48", "--mirror", "--scales", "1,0.5"))
      #expect(small["name"] as? String == "daformer, size 64x48, scales 1, 0.5, mirrored")
      #expect(small["input"] as? String == "64x48" && small["source"] as? String != nil)
      #expect((small["resize"] as? String)?.contains("bilinear") == true)
      #expect((small["upsampling"] as? String)?.contains("align_corners off") == true)
      #expect(small["scales"] as? [Double] == [1, 0.5] && small["mirror"] as? Bool == true)
      let same = try way(try evaluate(folder, "--protocol", "full", "--align-corners", "--scales", "1"))
      #expect(same["name"] as? String == "full")
    }
  }

  @Test("Windows are a part of the protocol; one that covers all changes nothing but its name")
  func tiles() throws {
    try withTemporaryFolder { folder in
      let plain = try evaluate(folder)
      let whole = try evaluate(folder, "--tile", "64x48", "--overlap", "8")
      #expect(whole["confusion"] as? [[Int]] == plain["confusion"] as? [[Int]])
      let parts = try evaluate(folder, "--protocol", "tiled", "--tile", "32x24")
      let way = try way(parts)
      #expect(way["name"] as? String == "tiled, tiles 32x24 overlapping 12")
      let tiles = try #require(way["tiles"] as? [String: Any])
      #expect(tiles["size"] as? String == "32x24" && tiles["overlap"] as? Int == 12)
    }
  }

  @Test("predict and pseudo-label take the same options, and label otherwise with them")
  func others() throws {
    try withTemporaryFolder { folder in
      for command in ["predict", "pseudo-label"] {
        var maps: [[UInt16]] = []
        for (name, more) in [("plain", []), ("other", ["--protocol", "daformer", "--size", "32x24"])] {
          let output = folder.path("\(command)-\(name)")
          try done(
            [command, "--weights", sample.weights, "--images", sample.images, "--output", output] + more)
          maps.append(try ImageFile.readIndices("\(output)/labels/noon_00000.png").values)
        }
        #expect(maps[0].count == maps[1].count && maps[0] != maps[1])
      }
    }
  }

  @Test("What cannot be is refused in one line")
  func refused() throws {
    let start = [
      "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels,
    ]
    try expectError(start + ["--protocol", "sdfa"], saying: "evaluation protocol", "sfda")
    try expectError(start + ["--overlap", "8"], saying: "--overlap", "--tile")
    try expectError(start + ["--tile", "32x24", "--overlap", "24"], saying: "--overlap", "0 to 23")
    try expectError(start + ["--scales", "0"], saying: "--scales")
    try expectError(start + ["--class-set", "synthia"], saying: "class set", "synthia13")
    try expectError(
      start + ["--class-set", "cityscapes19"], saying: "cityscapes19", "sidewalk", "another")
  }
}
