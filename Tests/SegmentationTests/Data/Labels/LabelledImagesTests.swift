// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Pairs of images and labels")
struct LabelledImagesTests {
  private func pairs(
    _ images: [String], _ labels: [String], _ space: LabelSpace = .camvid11,
    allowing: LabelledImages.Unpaired = []
  ) throws -> [String: String] {
    let folder = ScratchFolder()
    for name in images { try folder.touch("images/\(name)") }
    for name in labels { try folder.touch("labels/\(name)") }
    let list = try ImageList(folder: folder.at("images"))
    let found = try LabelledImages(
      images: list, labelFolder: folder.at("labels"), space: space, allowing: allowing)
    let ends = found.entries.map {
      ($0.image.name, String($0.labelPath.dropFirst(folder.at("labels/").count)))
    }
    return Dictionary(uniqueKeysWithValues: ends)
  }

  @Test("equal names pair, in folders too")
  func equalNames() throws {
    #expect(try pairs(["a.jpg", "s/b.png"], ["a.png", "s/b.png"]) == ["a": "a.png", "s/b": "s/b.png"])
  }

  @Test("the suffixes of the usual data sets are taken off")
  func suffixes() throws {
    let cityscapes = try pairs(
      ["aachen/aachen_1_leftImg8bit.png"], ["aachen/aachen_1_gtFine_labelIds.png"], .cityscapesIDs)
    #expect(cityscapes.values.first == "aachen/aachen_1_gtFine_labelIds.png")
    let acdc = try pairs(["fog/f_rgb_anon.png"], ["fog/f_gt_labelTrainIds.png"], .cityscapes19)
    #expect(acdc.count == 1)
    #expect(try pairs(["0001.png"], ["0001_L.png"]).count == 1)
    #expect(try pairs(["0001.jpg"], ["0001_labels.png"]).count == 1)
  }

  @Test("of labels side by side the label space takes its own kind, and no colours or instances")
  func sideBySide() throws {
    let images = ["x/a_leftImg8bit.png"]
    let labels = ["labelIds", "labelTrainIds", "color", "instanceIds"].map { "x/a_gtFine_\($0).png" }
    #expect(try pairs(images, labels, .cityscapesIDs).values.first == "x/a_gtFine_labelIds.png")
    #expect(try pairs(images, labels, .cityscapes19).values.first == "x/a_gtFine_labelTrainIds.png")
    let found = problem { _ = try pairs(images, ["x/a_gtFine_labelIds.png"], .cityscapes19) }
    #expect(try #require(found).why.contains("1 label files whose names say other ids than cityscapes19's"))
  }

  @Test("names alone pair where they are unique, and never where they are not")
  func lastComponent() throws {
    #expect(try pairs(["train/a.jpg"], ["gt/a.png"]) == ["train/a": "gt/a.png"])
    #expect(problem { _ = try pairs(["x/a.jpg", "y/a.jpg"], ["gt/a.png"]) } != nil)
    #expect(problem { _ = try pairs(["x/a.jpg"], ["g/a.png", "h/a.png"]) } != nil)
  }

  @Test("an exact name goes before one whose suffix is taken off")
  func exactFirst() throws {
    #expect(try pairs(["a.png", "a_L.png"], ["a.png", "a_L.png"]) == ["a": "a.png", "a_L": "a_L.png"])
  }

  @Test("images without labels are told with count and names, unless allowed")
  func lonelyImages() throws {
    let images = (1...5).map { "\($0).jpg" }
    let found = try #require(problem { _ = try pairs(images, ["5.png"]) })
    #expect(found.why == "4 of 5 images have none: 1, 2, 3 and 1 more")
    #expect(try pairs(images, ["5.png"], allowing: .images) == ["5": "5.png"])
    #expect(problem { _ = try pairs(["a.jpg"], ["b.png"], allowing: [.images, .labels]) } != nil)
  }

  @Test("labels without images are told, unless allowed")
  func lonelyLabels() throws {
    let labels = (1...5).map { "\($0).png" }
    let found = try #require(problem { _ = try pairs(["1.jpg"], labels) })
    #expect(found.why.hasPrefix("4 label files") && found.why.hasSuffix("2, 3, 4 and 1 more; an image is 1"))
    #expect(try pairs(["1.jpg"], labels, allowing: .labels) == ["1": "1.png"])
  }

  @Test("two images that share a label file are refused")
  func shared() {
    #expect(
      problem { _ = try pairs(["a.jpg", "a_rgb_anon.jpg"], ["a.png"]) }?.what.contains("share") == true)
  }

  @Test("a pair is read, and a label of another size is refused with both sizes")
  func read() throws {
    let folder = ScratchFolder()
    try folder.touch("i/x", "l/x")
    try placeImage(6, 4).writePNG(to: folder.at("i/a.png"))
    try placeImage(6, 4).writePNG(to: folder.at("i/b.png"))
    try LabelMap(size: pixelSize(6, 4), filledWith: 11).writePNG(to: folder.at("l/a.png"))
    try LabelMap(size: pixelSize(4, 6), filledWith: 1).writePNG(to: folder.at("l/b.png"))
    let list = try ImageList(folder: folder.at("i"))
    let pairs = try LabelledImages(images: list, labelFolder: folder.at("l"), space: .camvid11)
    let first = try pairs.read(0)
    #expect(
      first.name == "a" && first.image == placeImage(6, 4) && first.label == LabelMap(size: pixelSize(6, 4)))
    let found = try #require(problem { _ = try pairs.read(1) })
    #expect(
      found.why.contains("is 6x4") && found.why.contains("is 4x6") && found.place == folder.at("l/b.png"))
  }
}
