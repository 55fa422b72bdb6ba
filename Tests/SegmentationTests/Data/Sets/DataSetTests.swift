// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Data sets as they are shipped")
struct DataSetTests {
  private func source(_ tree: ShippedTree, _ folder: ScratchFolder, allowMissing: Bool = true) -> DataSource {
    DataSource(dataset: tree.dataset, data: folder.path, split: tree.split, allowMissing: allowMissing)
  }

  @Test("a tree is read back: names, classes, what is missing", arguments: ShippedTree.all)
  func readBack(_ tree: ShippedTree) throws {
    let folder = ScratchFolder()
    try tree.write(to: folder)
    let found = try source(tree, folder).labelled()
    #expect(found.images.entries.map(\.image.name) == tree.names)
    #expect(found.images.entries.map(\.labelPath) == tree.labels.map(folder.at))
    #expect(found.missing == (tree.count.map { $0 - tree.names.count } ?? 0))
    #expect(found.name == "\(tree.dataset) \(tree.split)")
    #expect(found.images.imagesLeftOut.isEmpty && found.images.labelsLeftOut.isEmpty)
    for index in 0..<found.images.count {
      let sample = try found.images.read(index)
      #expect(sample.image.size == ShippedTree.size && sample.label.pixels == tree.expected)
    }
    #expect(try source(tree, folder).imageList().entries.map(\.path) == tree.images.map(folder.at))
  }

  @Test("every built-in set has a tree in these tests")
  func allAreTested() {
    #expect(Set(ShippedTree.all.map(\.dataset)) == Set(DataSet.known.map(\.name)))
  }

  @Test("missing images are refused with their number, where the whole number is known")
  func missingImages() throws {
    let folder = ScratchFolder()
    let tree = try #require(ShippedTree.all.first { $0.dataset == "cityscapes" })
    try tree.write(to: folder)
    let found = try #require(problem { _ = try source(tree, folder, allowMissing: false).imageList() })
    #expect(found.why == "499 of the 500 images of cityscapes val are not there")
    #expect(found.remedy.contains("--allow-missing") && found.place == folder.at("leftImg8bit/val"))
    #expect(problem { _ = try source(tree, folder, allowMissing: false).labelled() } == found)
  }

  @Test("a list of images needs no labels to be there")
  func imagesOnly() throws {
    for tree in ShippedTree.all {
      let folder = ScratchFolder()
      try tree.write(to: folder)
      for label in tree.labels { try FileManager.default.removeItem(atPath: folder.at(label)) }
      #expect(try source(tree, folder).imageList().entries.map(\.name) == tree.names)
    }
  }

  @Test("images without a label are counted and left out where that is allowed")
  func missingPartner() throws {
    let folder = ScratchFolder()
    let tree = try #require(ShippedTree.all.first { $0.dataset == "gta5" })
    try tree.write(to: folder)
    try FileManager.default.removeItem(atPath: folder.at("labels/00001.png"))
    let found = try source(tree, folder).labelled()
    #expect(found.images.entries.map(\.image.name) == ["00002"] && found.missing == 24965)
    #expect(found.images.imagesLeftOut == ["00001"])

    let idd = ScratchFolder()
    try idd.touch("leftImg8bit/val/1/a_leftImg8bit.png", "leftImg8bit/val/1/b_leftImg8bit.png")
    try idd.touch("gtFine/val/1/b_gtFine_labelids.png")
    let refused = problem { _ = try DataSource(dataset: "idd", data: idd.path).labelled() }
    #expect(try #require(refused).why == "1 of 2 images have none: 1/a_leftImg8bit")
    #expect(try #require(refused).remedy.contains("--allow-missing"))
  }

  @Test("a label of another size than its image and an unknown id are told by file")
  func damagedLabels() throws {
    let folder = ScratchFolder()
    let tree = try #require(ShippedTree.all.first { $0.dataset == "bdd100k" })
    try tree.write(to: folder)
    let label = folder.at(tree.labels[0])
    try LabelMap(size: pixelSize(4, 4), filledWith: 0).writePNG(to: label)
    let pairs = try source(tree, folder).labelled().images
    #expect(problem { _ = try pairs.read(0) }?.why.contains("the label is 4x4") == true)
    try LabelMap(size: ShippedTree.size, filledWith: 34).writePNG(to: label)
    let found = try #require(problem { _ = try pairs.read(0) })
    #expect(found.place == label && found.why.hasPrefix("id 34 is on 24 of 24 pixels"))
  }

  @Test("a root that is a level too high or too low is found", arguments: ShippedTree.all)
  func rootOff(_ tree: ShippedTree) throws {
    let folder = ScratchFolder()
    let inner = ScratchFolder()
    try tree.write(to: inner)
    try folder.link("set", to: inner.path)
    let high = DataSource(dataset: tree.dataset, data: folder.path, split: tree.split)
    let found = try #require(problem { _ = try high.imageList() })
    #expect(found.why.hasPrefix("expected \(folder.path)/") && found.why.contains("found set in "))
    #expect(found.remedy.contains("the root seems to be \(folder.at("set")):"))

    let first = try #require(tree.images[0].split(separator: "/").first)
    let low = DataSource(dataset: tree.dataset, data: inner.at(String(first)), split: tree.split)
    let root = ScratchFolder.standardized(inner.path)
    #expect(try #require(problem { _ = try low.imageList() }).remedy.contains("seems to be \(root):"))
  }

  @Test("a folder that is not there and a split that is not unpacked are told")
  func absent() throws {
    let folder = ScratchFolder()
    try folder.touch("leftImg8bit/train/aachen/a_leftImg8bit.png")
    let none = problem { _ = try DataSource(dataset: "cityscapes", data: folder.at("no")).imageList() }
    #expect(try #require(none).why == "there is no such folder")
    let found = problem { _ = try DataSource(dataset: "cityscapes", data: folder.path).imageList() }
    let expected = "expected \(folder.at("leftImg8bit/val")), found train in \(folder.at("leftImg8bit"))"
    #expect(try #require(found).why == expected)
    try folder.touch("leftImg8bit/val/lindau/a.png")
    let other = problem { _ = try DataSource(dataset: "cityscapes", data: folder.path).imageList() }
    #expect(try #require(other).why == "expected names that end in _leftImg8bit, found lindau/a")
  }

  @Test("splits: unknown ones with the nearest, those without labels with the others")
  func splits() throws {
    let acdc = try DataSet.named("acdc")
    #expect(acdc.defaultSplit == "val")
    let found = try #require(problem { _ = try acdc.split(named: "val-frog") })
    #expect(found.what == "unknown split of acdc" && found.remedy.contains("nearest is val-fog"))
    let folder = ScratchFolder()
    try folder.touch("leftImg8bit/test/berlin/a_leftImg8bit.png")
    let test = DataSource(dataset: "cityscapes", data: folder.path, split: "test", allowMissing: true)
    #expect(try test.imageList().count == 1)
    let unlabelled = try #require(problem { _ = try test.labelled() })
    #expect(unlabelled.place == "cityscapes test" && unlabelled.remedy.hasSuffix("with labels: train, val"))
    let name = try #require(problem { _ = try DataSet.named("cityscape") })
    #expect(name.remedy.contains("nearest is cityscapes") && name.remedy.contains(".yaml"))
  }

  @Test("the whole of a split over several conditions counts what each has")
  func counts() throws {
    let acdc = try DataSet.named("acdc")
    #expect(
      try ["train", "val", "test", "val-night"].map { try acdc.split(named: $0).count } == [
        1600, 406, 2000, 106,
      ])
    for set in DataSet.known {
      #expect(Set(set.splits.map(\.name)).count == set.splits.count)
      #expect(set.splits.contains { $0.name == set.defaultSplit } && set.root == nil)
    }
  }
}
