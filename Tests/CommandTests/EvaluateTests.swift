// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct EvaluateTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test(
    "evaluate --json has the keys that scripts rely on, and numbers that follow from its confusion matrix")
  func report() throws {
    try withTemporaryFolder { folder in
      let result = try evaluate(sample.images, sample.labels, folder)
      let keys: Set = [
        "mIoU", "classes", "images", "confusion", "label_space", "protocol", "weights", "seconds",
      ]
      #expect(keys.isSubset(of: result.keys))
      #expect(result["label_space"] as? String == "camvid11" && result["images"] as? Int == 5)
      let weights = try #require(result["weights"] as? [String: String])
      #expect(Set(weights.keys) == ["file", "sha256"] && weights["sha256"]?.count == 64)
      let matrix = try #require(result["confusion"] as? [[Int]])
      let classes = try #require(result["classes"] as? [[String: Any]])
      #expect(matrix.count == 11 && matrix.allSatisfy { $0.count == 11 } && classes.count == 11)
      #expect(matrix.joined().reduce(0, +) > 4 * 64 * 48)
      for (index, item) in classes.enumerated() {
        #expect(Set(item.keys) == ["name", "iou", "pixels"])
        #expect(item["pixels"] as? Int == matrix[index].reduce(0, +))
      }
      try expectMean(result, classes, matrix)
    }
  }

  @Test("A class absent from labels and predictions is null and left out of the mean")
  func absentClass() throws {
    try withTemporaryFolder { folder in
      // One flat picture: a network can see few classes in it.
      let size = PixelSize(width: 8, height: 8)
      _ = try folder.folder("images")
      _ = try folder.folder("labels")
      let grey = RGBImage(size: size, pixels: [UInt8](repeating: 120, count: 3 * size.area))
      try grey.writePNG(to: folder.path("images/a.png"), compression: 3)
      let road = LabelMap(size: size, pixels: [UInt8](repeating: 3, count: size.area))
      try road.writePNG(to: folder.path("labels/a.png"), palette: nil, compression: 3)
      let result = try evaluate(folder.path("images"), folder.path("labels"), folder)
      let matrix = try #require(result["confusion"] as? [[Int]])
      let classes = try #require(result["classes"] as? [[String: Any]])
      let absent = classes.filter { $0["iou"] is NSNull }
      #expect(!absent.isEmpty)
      try expectMean(result, classes, matrix)
    }
  }

  private func evaluate(_ images: String, _ labels: String, _ folder: ScratchFolder) throws -> [String: Any] {
    try done([
      "evaluate", "--weights", "\(sample.run)/adapted.pth", "--network", "espnet", "--classes", "camvid11",
      "--images",
      images, "--labels", labels, "--label-space", "camvid11", "--json", folder.path("out.json"),
    ])
    return try json(folder.path("out.json"))
  }

  private func expectMean(_ result: [String: Any], _ classes: [[String: Any]], _ matrix: [[Int]]) throws {
    var scores: [Double] = []
    for (index, item) in classes.enumerated() {
      let column = matrix.map { $0[index] }.reduce(0, +)
      let union = matrix[index].reduce(0, +) + column - matrix[index][index]
      if union == 0 {
        #expect(item["iou"] is NSNull)
      } else {
        scores.append(Double(matrix[index][index]) / Double(union))
        #expect(abs(try #require(item["iou"] as? Double) - (scores.last ?? 0)) < 1e-9)
      }
    }
    let mean = scores.reduce(0, +) / Double(scores.count)
    #expect(abs(try #require(result["mIoU"] as? Double) - mean) < 1e-9)
  }
}
