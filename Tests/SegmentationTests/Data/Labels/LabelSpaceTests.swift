// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Label spaces")
struct LabelSpaceTests {
  private func ids(_ values: [UInt16], channels: Int = 1) -> IndexImage {
    IndexImage(
      size: pixelSize(values.count / channels, 1), channels: channels, values: values, isPalette: false)
  }

  @Test("the known spaces pass the checks made on a user's own")
  func knownSpacesAreSound() throws {
    for space in LabelSpace.known {
      let copy = try LabelSpace(
        name: space.name, classes: space.classes, indices: space.indices, ignoredIDs: space.ignoredIDs,
        fileSuffix: space.fileSuffix, channel: space.channel)
      #expect(copy == space)
      #expect(try LabelSpace.named(space.name) == space)
      #expect(Set(space.classes.map { [$0.red, $0.green, $0.blue] }).count == space.count)
    }
  }

  @Test("train ids are read as they are, 255 as ignored")
  func trainIDs() throws {
    let values = Array(0...18) + [255]
    let map = try LabelSpace.cityscapes19.map(ids(values.map(UInt16.init)), path: "a.png")
    #expect(map.pixels == values.map(UInt8.init))
  }

  @Test("Cityscapes ids go to the train ids of the official table, the rest is ignored")
  func cityscapesIDs() throws {
    let table: [Int: UInt8] = [
      7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13,
      27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
    ]
    let map = try LabelSpace.cityscapesIDs.map(ids((0...33).map(UInt16.init)), path: "a.png")
    #expect(map.pixels == (0...33).map { table[$0] ?? 255 })
    #expect(try LabelSpace.cityscapesIDs.map(ids([65535, 7]), path: "a.png").pixels == [255, 0])
  }

  @Test("CamVid's 11 is ignored")
  func camvid() throws {
    let map = try LabelSpace.camvid11.map(ids((0...11).map(UInt16.init)), path: "a.png")
    #expect(map.pixels == Array(0...10) + [255])
  }

  @Test("an unknown id is told with the file, its pixels and the space that its ids fit")
  func unknownID() throws {
    let found = problem { _ = try LabelSpace.camvid11.map(ids([0, 12, 33, 12, 3]), path: "x/a.png") }
    let text = try #require(found).description
    #expect(text.contains("camvid11") && text.contains("(x/a.png)"))
    #expect(text.contains("id 12 is on 2 of 5 pixels (and 1 more unknown ids: 33), known are 0-11, 255"))
    #expect(text.contains("fit --label-space cityscapesIds"))
    let ten = try LabelSpace(name: "ten", classes: Array(LabelSpace.camvid11.classes.prefix(10)))
    let eleven = problem { _ = try ten.map(ids([0, 10, 11]), path: "a.png") }
    #expect(try #require(eleven).remedy.contains("fit --label-space camvid11"))
    let high = problem { _ = try LabelSpace.camvid11.map(ids([3000]), path: "a.png") }
    #expect(try #require(high).why.contains("id 3000 is on 1 of 1 pixels"))
    #expect(try #require(high).remedy.contains("fit") == false)
  }

  @Test("the compact spaces and NTHU's are classes of the 19 in their order")
  func compact() throws {
    let names = LabelSpace.cityscapes19.classes.map(\.name)
    let sixteen = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18]
    let thirteen = [0, 1, 2, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18]
    #expect(LabelSpace.cityscapes16.classes.map(\.name) == sixteen.map { names[$0] })
    #expect(LabelSpace.cityscapes13.classes.map(\.name) == thirteen.map { names[$0] })
    #expect(LabelSpace.nthuIDs.classes == LabelSpace.cityscapes13.classes)
    #expect(try LabelSpace.cityscapes16.map(ids([15, 255]), path: "a.png").pixels == [15, 255])
    #expect(problem { _ = try LabelSpace.cityscapes16.map(ids([16]), path: "a.png") } != nil)
  }

  @Test("of several channels the space's own is read, and one channel as it is")
  func channel() throws {
    let one = try LabelSpace(
      name: "green", classes: [LabelClass("a", 0, 0, 0), LabelClass("b", 1, 1, 1)], channel: 1)
    let values: [UInt16] = [9, 1, 7, 300, 0, 8, 65535, 255, 6]
    #expect(try one.map(ids(values, channels: 3), path: "a.png").pixels == [1, 0, 255])
    #expect(try one.map(ids([0, 1, 255]), path: "a.png").pixels == [0, 1, 255])
    let found = problem { _ = try one.map(ids([0, 1, 0, 0, 5, 1], channels: 3), path: "a.png") }
    #expect(try #require(found).why.hasPrefix("id 5 is on 1 of 2 pixels"))
  }

  @Test("colours are refused as class ids")
  func colours() throws {
    let found = problem { _ = try LabelSpace.camvid11.map(ids([1, 2, 3], channels: 3), path: "a.png") }
    #expect(try #require(found).why.contains("3 channels"))
  }

  @Test("a label file is read by its samples, palette or not")
  func labelFile() throws {
    let folder = ScratchFolder()
    let map = LabelMap(size: pixelSize(4, 3), pixels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    try map.writePNG(to: folder.at("grey.png"))
    try map.writePNG(to: folder.at("palette.png"), palette: LabelSpace.camvid11.palette)
    let expected = Array(0...10) + [UInt8(255)]
    #expect(try LabelSpace.camvid11.read(folder.at("grey.png")).pixels == expected)
    #expect(try LabelSpace.camvid11.read(folder.at("palette.png")).pixels == expected)
    try placeImage(4, 3).writePNG(to: folder.at("colour.png"))
    #expect(problem { _ = try LabelSpace.camvid11.read(folder.at("colour.png")) } != nil)
  }

  @Test("a wrong name is answered with the known ones and the nearest")
  func wrongName() throws {
    let found = try #require(problem { _ = try LabelSpace.named("CityScapes-19") })
    #expect(found.why == "the known ones are \(LabelSpace.known.map(\.name).joined(separator: ", "))")
    #expect(found.remedy.contains("nearest is cityscapes19"))
    #expect(try #require(problem { _ = try LabelSpace.named("camvid12") }).remedy.contains("camvid11"))
  }

  @Test("flawed spaces are refused")
  func flaws() {
    let two = [LabelClass("a", 0, 0, 0), LabelClass("b", 1, 1, 1)]
    func why(
      _ classes: [LabelClass], _ indices: [Int: Int]? = nil, ignored: Set<Int> = [255]
    ) -> String {
      problem { _ = try LabelSpace(name: "mine", classes: classes, indices: indices, ignoredIDs: ignored) }?
        .why
        ?? "accepted"
    }
    #expect(why(two) == "accepted")
    #expect(why([]).contains("0 classes"))
    #expect(why((0...255).map { LabelClass("\($0)", 0, 0, 0) }).contains("256 classes"))
    #expect(why([two[0], two[0]]).contains("two classes are named a"))
    #expect(why([LabelClass("", 0, 0, 0)]).contains("no name"))
    #expect(why(two, [7: 2]).contains("file id 7 has class index 2"))
    #expect(why(two, [-1: 0]).contains("file id -1"))
    #expect(why(two, [1: 0], ignored: [1]).contains("both"))
    #expect(why(two, ignored: [70000]).contains("70000"))
  }

  @Test("the palette has the classes' colours and black elsewhere")
  func palette() {
    let bytes = LabelSpace.cityscapes19.palette.bytes
    #expect(bytes.count == 768)
    #expect(Array(bytes[39..<42]) == [0, 0, 142])
    #expect(bytes[57...].allSatisfy { $0 == 0 })
  }
}
