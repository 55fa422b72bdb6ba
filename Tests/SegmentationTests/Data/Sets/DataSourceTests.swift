// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Where a command's images and labels come from")
struct DataSourceTests {
  @Test("folders go before a data set, and need a label space")
  func folders() throws {
    let folder = ScratchFolder()
    try folder.touch("i/a.jpg", "i/b.jpg", "l/a.png", "l/b.png")
    var source = DataSource(dataset: "nothing", images: folder.at("i"))
    #expect(try source.imageList().count == 2)
    #expect(problem { _ = try source.labelled() }?.remedy.contains("--labels") == true)
    source.labels = folder.at("l")
    #expect(problem { _ = try source.labelled() }?.remedy.contains("--label-space") == true)
    let found = try source.labelled(defaultSpace: .camvid11)
    #expect(found.images.space == .camvid11 && found.missing == 0 && found.name == folder.at("i"))
    source.labelSpace = "cityscapes19"
    #expect(try source.labelled(defaultSpace: .camvid11).images.space == .cityscapes19)
  }

  @Test("unpaired files in folders are refused unless they may be missing")
  func unpaired() throws {
    let folder = ScratchFolder()
    try folder.touch("i/a.jpg", "i/b.jpg", "l/b.png", "l/c.png")
    var source = DataSource(images: folder.at("i"), labels: folder.at("l"), labelSpace: "camvid11")
    let found = try #require(problem { _ = try source.labelled() })
    #expect(found.why == "1 of 2 images have none: a; a label file that belongs to no image is c")
    #expect(found.remedy.contains("--allow-missing"))
    source.allowMissing = true
    let labelled = try source.labelled()
    #expect(labelled.images.count == 1 && labelled.missing == 1)
    #expect(labelled.images.labelsLeftOut == ["c"])
  }

  @Test("a data set's labels and label space may be replaced")
  func replaced() throws {
    let folder = ScratchFolder()
    try folder.touch("test/a.png", "pseudo/a.png")
    let source = DataSource(
      dataset: "camvid", data: folder.path, split: "test", labels: folder.at("pseudo"),
      labelSpace: "cityscapes19", allowMissing: true)
    let found = try source.labelled()
    #expect(found.images.entries.map(\.labelPath) == [folder.at("pseudo/a.png")])
    #expect(found.images.space == .cityscapes19 && found.missing == 232)
  }

  @Test("labels of images that are not there are a matter of the count where it is known")
  func extraLabels() throws {
    let folder = ScratchFolder()
    try folder.touch("leftImg8bit/val/1/a_leftImg8bit.png")
    try folder.touch("gtFine/val/1/a_gtFine_labelids.png", "gtFine/val/1/b_gtFine_labelids.png")
    var source = DataSource(dataset: "idd", data: folder.path)
    #expect(problem { _ = try source.labelled() }?.what == "label files have no image")
    source.allowMissing = true
    #expect(try source.labelled().images.count == 1)
  }

  @Test("what is not given is asked for by its option")
  func options() {
    let nothing = problem { _ = try DataSource().imageList() }
    #expect(nothing?.description.contains("--dataset NAME --data FOLDER") == true)
    #expect(nothing?.remedy.contains("--images") == true)
    let noRoot = problem { _ = try DataSource(dataset: "gta5").labelled() }
    #expect(noRoot?.remedy == "give its root folder with --data")
    #expect(problem { _ = try DataSource(dataset: "gta", data: "x").imageList() }?.place == "gta")
  }
}
