// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import TestSupport
import Testing

@Suite("Labels told in other classes")
struct ToldLabelsTests {
  private func read(_ ids: [UInt16], in space: LabelSpace) throws -> [UInt8] {
    let size = PixelSize(width: ids.count, height: 1)
    return try space.map(
      IndexImage(size: size, channels: 1, values: ids, isPalette: false), path: "ids"
    ).pixels
  }

  @Test("become those classes' indices, and are ignored where there is no such class")
  func sixteen() throws {
    let told = try LabelSpace.cityscapesIDs.told(in: .cityscapes16)
    #expect(told.name == "cityscapes16" && told.count == 16)
    // Road, terrain, sky, truck, bus, bicycle, out of the region of interest.
    #expect(try read([7, 22, 23, 27, 28, 33, 3], in: told) == [0, 255, 9, 255, 13, 15, 255])
    #expect(throws: Problem.self) { try read([99], in: told) }
  }

  @Test("keep where their files hold the ids")
  func channels() throws {
    let told = try LabelSpace.synthiaIDs.told(in: .cityscapes16)
    #expect(told.channel == 0)
    let pixel = IndexImage(
      size: PixelSize(width: 2, height: 1), channels: 3, values: [3, 900, 0, 11, 3, 0], isPalette: false)
    #expect(try told.map(pixel, path: "synthia").pixels == [0, 15])
  }

  @Test("are told in the space that a network of these classes is known by")
  func learned() throws {
    #expect(LabelSpace.cityscapesIDs.learned.name == "cityscapes19")
    #expect(LabelSpace.synthiaIDs.learned.name == "cityscapes19")
    #expect(LabelSpace.camvid11.learned.name == "camvid11")
    #expect(try LabelSpace.camvid11.told(in: .camvid11) == .camvid11)
  }

  @Test("of unrelated classes are refused")
  func unrelated() throws {
    let own = try LabelSpace(name: "own", classes: [LabelClass("cat", 1, 2, 3)])
    #expect(throws: Problem.self) { try LabelSpace.camvid11.told(in: own) }
  }
}
