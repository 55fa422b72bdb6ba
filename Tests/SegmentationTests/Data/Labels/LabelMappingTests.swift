// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Mappings between label spaces")
struct LabelMappingTests {
  @Test("Cityscapes predictions in CamVid's classes")
  func cityscapesToCamVid() throws {
    let expected: [UInt8] = [3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10]
    for space in [LabelSpace.cityscapes19, .cityscapesIDs] {
      let mapping = try LabelMapping(from: space, to: .camvid11)
      #expect(Array(mapping.table[..<19]) == expected)
      #expect(mapping.table.count == 256 && mapping.table[19...].allSatisfy { $0 == 255 })
    }
  }

  @Test("spaces of the same classes map onto themselves, whatever their file ids")
  func identity() throws {
    let pairs: [(LabelSpace, LabelSpace)] = [
      (.camvid11, .camvid11), (.cityscapes19, .cityscapesIDs), (.cityscapesIDs, .cityscapes19),
    ]
    for (from, to) in pairs {
      let mapping = try LabelMapping(from: from, to: to)
      #expect(mapping.table == (0..<256).map { $0 < from.count ? UInt8($0) : 255 })
    }
  }

  @Test("classes of equal names stand for each other where one space has all of the other's")
  func subsets() throws {
    let sixteen = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18]
    let up = try LabelMapping(from: .cityscapes16, to: .cityscapesIDs)
    #expect(Array(up.table[..<17]).map(Int.init) == sixteen + [255])
    let down = try LabelMapping(from: .cityscapes19, to: .cityscapes16)
    #expect(Array(down.table[..<19]).map(Int.init) == (0..<19).map { sixteen.firstIndex(of: $0) ?? 255 })
    #expect(try LabelMapping(from: .cityscapes16, to: .camvid11).table[9] == 0)
    #expect(try LabelMapping(from: .synthiaIDs, to: .mapillaryV1).table[18] == 18)
  }

  @Test("a label space's own mapping goes first, for the classes that it is made for")
  func ofTheSpace() throws {
    let classes = [LabelClass("car", 0, 0, 0), LabelClass("road", 1, 1, 1)]
    let own = try LabelSpace(
      name: "own", classes: classes,
      classMapping: LabelSpace.ClassMapping(from: "cityscapes19", classes: ["truck": "car", "sky": "road"]))
    for source in [LabelSpace.cityscapes19, .iddIDs] {
      let mapping = try LabelMapping(from: source, to: own)
      #expect(mapping.table[14] == 0 && mapping.table[10] == 1 && mapping.table[13] == 255)
    }
    #expect(try LabelMapping(from: .cityscapes16, to: own).table[9] == 1)
    #expect(try LabelMapping(from: own, to: .cityscapes19).table[0] == 13)
    #expect(try LabelMapping(from: own, to: own).table[..<3] == [0, 1, 255])
    let flawed = LabelSpace.ClassMapping(from: "cityscapes19", classes: ["truck": "cars"])
    let found = problem { _ = try LabelSpace(name: "own", classes: classes, classMapping: flawed) }
    #expect(try #require(found).remedy.contains("nearest is car:"))
  }

  @Test("an unknown mapping is refused by name")
  func unknown() throws {
    let found = problem { _ = try LabelMapping(from: .camvid11, to: .cityscapes19) }
    #expect(try #require(found).place == "camvid11 to cityscapes19")
  }

  @Test("a mapping of one's own: listed classes by name, the others none, wrong names refused")
  func own() throws {
    let spaces = (LabelSpace.cityscapes19, LabelSpace.camvid11)
    let mapping = try LabelMapping(from: spaces.0, to: spaces.1, classes: ["car": "car", "sky": "sky"])
    let map = LabelMap(size: pixelSize(4, 1), pixels: [13, 10, 0, 255])
    #expect(mapping(map).pixels == [8, 0, 255, 255])
    let found = problem { _ = try LabelMapping(from: spaces.0, to: spaces.1, classes: ["car": "cars"]) }
    #expect(try #require(found).what == "unknown class of camvid11")
    #expect(try #require(found).remedy.contains("nearest is car:"))
    #expect(
      problem { _ = try LabelMapping(from: spaces.0, to: spaces.1, classes: ["bus stop": "car"]) } != nil)
  }
}
