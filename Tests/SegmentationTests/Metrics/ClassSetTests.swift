// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation
import Testing

@Suite("Class sets")
struct ClassSetTests {
  private let names = LabelSpace.cityscapes19.classes.map(\.name)

  /// 100 labelled pixels of each class, all predicted right, but for the pixels moved.
  private func matrix(
    of names: [String], moved: [(truth: String, guess: String, pixels: Int)]
  ) throws -> ConfusionMatrix {
    var rows = names.indices.map { row in names.indices.map { $0 == row ? 100 : 0 } }
    for item in moved {
      let truth = try #require(names.firstIndex(of: item.truth))
      rows[truth][truth] -= item.pixels
      rows[truth][try #require(names.firstIndex(of: item.guess))] += item.pixels
    }
    return try #require(ConfusionMatrix(rows: rows))
  }

  private func mean(_ set: String, _ matrix: ConfusionMatrix, _ names: [String]) throws -> Double {
    try #require(try ClassSet.named(set).score(matrix, of: names).mIoU)
  }

  // Road 80 / 100, for 20 are predicted terrain; terrain 50 / 120; vegetation 100 / 150, for 50 of terrain
  // are predicted so; wall 60 / 100; building 100 / 140, for 40 of wall are predicted so; 14 others 1.
  private var example: ConfusionMatrix {
    get throws {
      try matrix(
        of: names,
        moved: [("road", "terrain", 20), ("terrain", "vegetation", 50), ("wall", "building", 40)])
    }
  }

  @Test("give the means worked out by hand, and the two conventions for SYNTHIA differ")
  func means() throws {
    let matrix = try example
    let building = 100.0 / 140
    let expected = [
      "cityscapes19": (14 + 0.8 + 50.0 / 120 + 100.0 / 150 + 0.6 + building) / 19,
      // The row of terrain is there, so vegetation pays for it.
      "synthia16": (12 + 0.8 + 100.0 / 150 + 0.6 + building) / 16,
      // Without that row vegetation is 1; what is predicted as terrain is still missed by road.
      "synthia16-compact": (13 + 0.8 + 0.6 + building) / 16,
      // Wall is not averaged, but building pays for it.
      "synthia13": (11 + 0.8 + building) / 13,
      "nthu13": (12 + 0.8) / 13,
    ]
    #expect(Set(expected.keys) == Set(ClassSet.known.map(\.name)))
    for (name, value) in expected {
      #expect(abs(try mean(name, matrix, names) - value) < 1e-12, "\(name)")
    }
    #expect(try mean("cityscapes19", matrix, names) == matrix.meanIoU)
  }

  @Test("count pixels predicted as no class as misses")
  func unmapped() throws {
    let plain = try example
    var missed = [Int](repeating: 0, count: 19)
    missed[0] = 25
    let matrix = try #require(ConfusionMatrix(rows: plain.rows, unmapped: missed))
    let score = try ClassSet.named("synthia13").score(matrix, of: names)
    #expect(score.classes[0] == ClassScore(name: "road", iou: 80.0 / 125, pixels: 125))
  }

  @Test("of a 16-class matrix are those whose labels it holds; the others are refused by the missing classes")
  func sixteen() throws {
    let sixteen = names.filter { !["terrain", "truck", "train"].contains($0) }
    let matrix = try matrix(of: sixteen, moved: [("wall", "building", 40)])
    let building = 100.0 / 140
    #expect(abs(try mean("synthia16-compact", matrix, sixteen) - (14 + 0.6 + building) / 16) < 1e-12)
    #expect(abs(try mean("synthia13", matrix, sixteen) - (12 + building) / 13) < 1e-12)
    #expect(try mean("nthu13", matrix, sixteen) == 1)
    for name in ["synthia16", "cityscapes19"] {
      let found = #expect(throws: Problem.self) { try mean(name, matrix, sixteen) }
      #expect(found?.why.contains("terrain, truck, train") == true)
    }
  }

  @Test("take their classes by name, whatever their order and whatever else there is")
  func byName() throws {
    let names = ["void"] + names.reversed()
    let matrix = try matrix(of: names, moved: [("void", "road", 100), ("car", "void", 50)])
    // Void is no class of the set: road does not pay for its labels, car misses what is predicted as void.
    let score = try ClassSet.named("cityscapes19").score(matrix, of: names)
    #expect(score.classes.map(\.name) == self.names)
    #expect(score.classes.first { $0.name == "road" }?.iou == 1)
    #expect(score.classes.first { $0.name == "car" }?.iou == 0.5)
  }

  @Test("leave classes that occur nowhere out of the mean")
  func absent() throws {
    var rows = try example.rows
    for i in 0..<19 { (rows[17][i], rows[i][17]) = (0, 0) }
    let matrix = try #require(ConfusionMatrix(rows: rows))
    let score = try ClassSet.named("nthu13").score(matrix, of: names)
    #expect(score.classes.filter { $0.iou == nil }.map(\.name) == ["motorcycle"])
    #expect(abs((score.mIoU ?? 0) - (11 + 0.8) / 12) < 1e-12)
  }

  @Test("of an unknown name are refused with the known ones")
  func unknown() {
    let found = #expect(throws: Problem.self) { try ClassSet.named("synthia-16") }
    #expect(found?.why.contains("synthia16-compact") == true)
  }
}
