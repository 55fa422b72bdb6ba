// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Label maps and labels of a few pixels, which need no network.
@Suite struct ScoredMapsTests {
  private let size = PixelSize(width: 4, height: 2)

  private func write(_ folder: ScratchFolder, _ name: String, _ pixels: [UInt8]) throws {
    let path = folder.path(name)
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    let side = PixelSize(width: pixels.count / 2, height: 2)
    try LabelMap(size: side, pixels: pixels).writePNG(to: path)
  }

  /// Train ids: vegetation (8) and terrain (9), building (2) and wall (3), and an ignored pixel.
  private func example(_ folder: ScratchFolder) throws {
    try write(folder, "maps/a_leftImg8bit.png", [8, 8, 8, 9, 2, 2, 0, 0])
    try write(folder, "labels/x/a_gtFine_labelTrainIds.png", [8, 8, 9, 9, 2, 3, 0, 255])
  }

  private func evaluate(_ folder: ScratchFolder, _ more: [String]) throws -> [String: Any] {
    try done(
      [
        "evaluate", "--predictions", folder.path("maps"), "--labels", folder.path("labels"), "--json",
        folder.path("out.json"),
      ] + more)
    return try json(folder.path("out.json"))
  }

  private func iou(_ result: [String: Any], _ name: String) throws -> Double? {
    let classes = try #require(result["classes"] as? [[String: Any]])
    return try #require(classes.first { $0["name"] as? String == name })["iou"] as? Double
  }

  @Test("evaluate --predictions scores label maps of another program, by their names")
  func maps() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      let result = try evaluate(folder, [])
      #expect(try iou(result, "vegetation") == 2.0 / 3 && iou(result, "terrain") == 0.5)
      #expect(try iou(result, "building") == 0.5 && iou(result, "wall") == 0)
      // The second road pixel of the map has no label.
      #expect(try iou(result, "road") == 1 && iou(result, "sky") == nil)
      let mean = (2.0 / 3 + 2) / 5
      #expect(abs(try #require(result["mIoU"] as? Double) - mean) < 1e-12)
      #expect(result["predictions"] as? String == folder.path("maps") && result["weights"] == nil)
      #expect((result["protocol"] as? [String: Any])?["name"] as? String == "label maps")
    }
  }

  @Test("Label maps may hold other ids than the labels")
  func ids() throws {
    try withTemporaryFolder { folder in
      // Label ids: vegetation 21, terrain 22, building 11, wall 12, road 7; 4 is ignored, and so missed.
      try write(folder, "maps/a.png", [21, 21, 21, 22, 11, 11, 4, 7])
      try write(folder, "labels/a.png", [8, 8, 9, 9, 2, 3, 0, 255])
      let result = try evaluate(folder, ["--classes", "cityscapesIds", "--label-space", "cityscapes19"])
      #expect(try iou(result, "vegetation") == 2.0 / 3 && iou(result, "road") == 0)
      #expect((result["unmapped"] as? [Int])?.first == 1)
    }
  }

  @Test("A class set is scored at once, or later from the saved result, with the same numbers")
  func sets() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      let asked = ["--class-set", "synthia16", "--class-set", "synthia16-compact"]
      let result = try evaluate(folder, asked)
      let sets = try #require(result["class_sets"] as? [[String: Any]])
      #expect(sets.map { $0["name"] as? String } == ["synthia16", "synthia16-compact"])
      let means = sets.compactMap { $0["mIoU"] as? Double }
      // Vegetation pays for the terrain that is predicted so in the first convention only.
      let expected = [(2.0 / 3 + 1.5) / 4, 2.5 / 4]
      #expect(zip(means, expected).allSatisfy { abs($0 - $1) < 1e-12 } && means.count == 2)
      #expect(result["mIoU"] as? Double != means[0])
      let later = folder.path("later.json")
      let outcome = try done(
        ["evaluate", "--from", folder.path("out.json"), "--json", later, "--class-set", "synthia13"])
      #expect(outcome.output.contains("synthia13: 13 of the 16"))
      let again = try json(later)
      let names = (again["class_sets"] as? [[String: Any]])?.map { $0["name"] as? String }
      #expect(names == ["synthia16", "synthia16-compact", "synthia13"])
      #expect(again["confusion"] as? [[Int]] == result["confusion"] as? [[Int]])
      #expect(again["mIoU"] as? Double == result["mIoU"] as? Double)
    }
  }

  @Test("A result of a part of the images says so wherever it is shown")
  func missing() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      var result = try evaluate(folder, [])
      #expect(result["missing"] as? Int == 0)
      let whole = try done(["evaluate", "--from", folder.path("out.json")])
      #expect(whole.output.contains("mIoU") && !whole.output.contains("missing"))
      result["missing"] = 7
      let part = try folder.file("part.json", Array(JSONSerialization.data(withJSONObject: result)))
      #expect(try done(["evaluate", "--from", part]).output.contains("missing: 7 more images"))
    }
  }

  @Test("What would give an incomplete or foreign score is refused in one line")
  func refused() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      let start = ["evaluate", "--predictions", folder.path("maps"), "--labels", folder.path("labels")]
      try write(folder, "labels/x/b_gtFine_labelTrainIds.png", [0, 0])
      try expectError(start, saying: "1 label", "b_gtFine")
      try write(folder, "maps/b_leftImg8bit.png", [0, 0, 0, 0])
      try expectError(start, saying: "another size", "2x2", "1x2")
      try write(folder, "maps/b_leftImg8bit.png", [0, 40])
      try expectError(start, saying: "b_leftImg8bit.png", "40")
      let text = try folder.file("result.json", Array("{\"mIoU\": 0.5}".utf8))
      try expectError(
        ["evaluate", "--from", text, "--class-set", "nthu13"], saying: "result.json", "no entry")
      try expectError(
        ["evaluate", "--from", folder.path("none.json"), "--class-set", "nthu13"], saying: "none.json")
    }
  }

  @Test(
    "Options that exclude each other are a usage error",
    arguments: [
      ["--predictions", "a"], ["--weights", "a", "--labels", "b"], ["--labels", "b"],
      ["--predictions", "a", "--labels", "b", "--images", "c"],
      ["--predictions", "a", "--labels", "b", "--protocol", "sfda"],
      ["--predictions", "a", "--labels", "b", "--weights", "c", "--images", "d"],
      ["--from", "a", "--class-set", "nthu13", "--size", "8x8"],
    ])
  func usage(_ arguments: [String]) throws {
    #expect(try iapc(["evaluate"] + arguments).status == 64)
  }

  @Test("--allow-missing leaves out maps and labels without a partner, and counts them")
  func allowMissing() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      try write(folder, "maps/b.png", [0, 0, 0, 0])
      try write(folder, "labels/c.png", [0, 0, 0, 0])
      let arguments = ["evaluate", "--predictions", folder.path("maps"), "--labels", folder.path("labels")]
      try expectError(arguments, saying: "b", "--allow-missing")
      let outcome = try done(arguments + ["--allow-missing", "--json", folder.path("out.json")])
      #expect(outcome.output.contains("missing: 2 more images"))
      #expect(try json(folder.path("out.json"))["missing"] as? Int == 2)
    }
  }
}
