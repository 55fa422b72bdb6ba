// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct StreetLayoutTests {
  private func draw(_ layout: String, to folder: String, _ more: String...) throws {
    try done(
      ["data", "streets", "--domain", "city", "--layout", layout, "--size", "96x48", "--output", folder]
        + more)
  }

  private func pictures(_ folder: String) -> [String] {
    (listing(folder) ?? []).filter { $0.hasSuffix(".png") }
  }

  /// The ids of Cityscapes' label table, by train id.
  static let ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
  /// The raw ids of SYNTHIA, by train id.
  static let synthiaIDs = [3, 4, 2, 21, 5, 7, 15, 9, 6, 16, 1, 10, 17, 8, 18, 19, 20, 12, 11]

  /// The class indices of a scene, as the plain layout tells them.
  private func classes(of scene: Int, in folder: String) throws -> [Int] {
    let plain = "\(folder)-plain"
    if !exists(plain) {
      try done([
        "data", "streets", "--domain", "city", "--classes", "cityscapes19", "--size", "96x48", "--count", "4",
        "--output", plain,
      ])
    }
    let path = "\(plain)/labels/city_0000\(scene).png"
    return try ImageFile.readIndices(path).values.map(Int.init)
  }

  @Test("Cityscapes: cities in splits, label ids, no labels in the test split, no scene in two splits")
  func cityscapes() throws {
    try withTemporaryFolder { folder in
      let root = folder.path("cs")
      try draw("cityscapes", to: root, "--count", "4")
      try draw("cityscapes", to: root, "--count", "2", "--split", "val")
      try draw("cityscapes", to: root, "--count", "2", "--split", "test")
      let files = pictures(root)
      #expect(
        files.filter { $0.hasPrefix("gtFine") } == [
          "gtFine/train/aldenheim/aldenheim_000000_000019_gtFine_labelIds.png",
          "gtFine/train/brunnstadt/brunnstadt_000000_000019_gtFine_labelIds.png",
          "gtFine/train/castelbruck/castelbruck_000000_000019_gtFine_labelIds.png",
          "gtFine/train/dornfurt/dornfurt_000000_000019_gtFine_labelIds.png",
          "gtFine/val/eschenau/eschenau_000000_000019_gtFine_labelIds.png",
          "gtFine/val/falkenried/falkenried_000000_000019_gtFine_labelIds.png",
        ])
      #expect(files.contains("leftImg8bit/test/hohenmark/hohenmark_000000_000019_leftImg8bit.png"))
      let label = try ImageFile.readIndices("\(root)/\(files[1])")
      #expect(!label.isPalette && label.channels == 1)
      #expect(try label.values.map(Int.init) == classes(of: 1, in: root).map { Self.ids[$0] })
      let images = try files.filter { $0.hasPrefix("left") }.map { try bytes("\(root)/\($0)") }
      #expect(Set(images).count == 8)
      try expectError(
        ["data", "streets", "--layout", "cityscapes", "--split", "val", "--output", root], saying: "not empty"
      )
    }
  }

  @Test("GTA5: numbered from 1, palette indices that are ids, in the official colours")
  func gta5() throws {
    try withTemporaryFolder { folder in
      let root = folder.path("gta")
      try draw("gta5", to: root, "--count", "2")
      #expect(
        pictures(root) == [
          "images/00001.png", "images/00002.png", "labels/00001.png", "labels/00002.png",
        ])
      let path = "\(root)/labels/00002.png"
      let label = try ImageFile.readIndices(path)
      #expect(label.isPalette)
      #expect(try label.values.map(Int.init) == classes(of: 1, in: root).map { Self.ids[$0] })
      let road = try #require(label.values.firstIndex(of: 7))
      #expect(try ImageFile.readRGB(path).pixels[(3 * road)..<(3 * road + 3)] == [128, 64, 128])
    }
  }

  @Test("SYNTHIA: 16 bits, the class in red, the instance in green, nothing in blue")
  func synthia() throws {
    try withTemporaryFolder { folder in
      let root = folder.path("syn")
      try draw("synthia", to: root, "--count", "2")
      #expect(
        pictures(root) == [
          "GT/LABELS/0000000.png", "GT/LABELS/0000001.png", "RGB/0000000.png", "RGB/0000001.png",
        ])
      let label = try ImageFile.readIndices("\(root)/GT/LABELS/0000001.png")
      #expect(label.channels == 3)
      let pixels = label.values.indices.filter { $0 % 3 == 0 }
      let red = pixels.map { Int(label.values[$0]) }
      #expect(try red == classes(of: 1, in: root).map { Self.synthiaIDs[$0] })
      // Numbers are for what can be counted: cars, people and so on, and for all of that.
      let countable = Set([8, 10, 11, 12, 17, 18, 19, 20])
      #expect(pixels.allSatisfy { (label.values[$0 + 1] > 0) == countable.contains(Int(label.values[$0])) })
      #expect(pixels.allSatisfy { label.values[$0 + 2] == 0 })
    }
  }

  @Test("The same seed writes the same bytes; --no-labels leaves labels out")
  func again() throws {
    try withTemporaryFolder { folder in
      let (one, two) = (folder.path("one"), folder.path("two"))
      try draw("synthia", to: one, "--count", "3", "--seed", "9")
      try draw("synthia", to: two, "--count", "3", "--seed", "9", "--no-labels")
      #expect(pictures(two).count == 3)
      for i in 0..<3 {
        #expect(try bytes("\(one)/RGB/000000\(i).png") == bytes("\(two)/RGB/000000\(i).png"))
      }
    }
  }

  @Test(
    "Options that contradict each other are usage errors",
    arguments: [
      ["--layout", "gta5", "--classes", "camvid11"], ["--layout", "synthia", "--split", "val"],
      ["--split", "val"], ["--layout", "kitti"], ["--count", "100000", "--layout", "gta5"],
    ])
  func usage(_ arguments: [String]) throws {
    let outcome = try iapc(["data", "streets", "--output", "x"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("Error: "))
  }

  @Test("An output folder may have a name of one letter")
  func shortName() throws {
    try withTemporaryFolder { folder in
      let outcome = try iapc(
        "data", "streets", "--count", "1", "--size", "32x16", "--output", "o", folder: folder.url.path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(exists(folder.path("o/labels/noon_00000.png")))
    }
  }
}
