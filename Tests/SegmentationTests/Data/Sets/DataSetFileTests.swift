// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing

@Suite("A data set of one's own")
struct DataSetFileTests {
  /// The first yaml example of Documentation/DataSets.md.
  private static func example() throws -> String {
    let file = Fixtures.repository.appendingPathComponent("Documentation/DataSets.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let block = try #require(text.components(separatedBy: "```yaml\n").dropFirst().first)
    return String(try #require(block.split(separator: "```").first))
  }

  private func refusal(_ text: String) -> Problem? {
    problem {
      let folder = ScratchFolder()
      try folder.write(text, to: "own.yaml")
      _ = try DataSet(file: folder.at("own.yaml"))
    }
  }

  @Test("the example of the documentation is read, and a network's classes are found in its own")
  func example() throws {
    let folder = ScratchFolder()
    try folder.write(Self.example(), to: "sets/harbour.yaml")
    try folder.touch("sets/harbour-1.0/frames/train/a.jpg", "sets/harbour-1.0/frames/val/b.png")
    try folder.touch("sets/harbour-1.0/ids/val/b.png")
    let frame = folder.at("sets/harbour-1.0/frames/val/b.png")
    try RGBImage(size: pixelSize(5, 1), filledWith: 3).writePNG(to: frame)
    try LabelMap(size: pixelSize(5, 1), pixels: [1, 2, 3, 5, 0])
      .writePNG(to: folder.at("sets/harbour-1.0/ids/val/b.png"))
    var source = DataSource(dataset: folder.at("sets/harbour.yaml"))
    let found = try source.labelled()
    #expect(found.name == "harbour val" && found.missing == 0)
    #expect(try found.images.read(0).label.pixels == [0, 1, 2, 2, 255])
    let mapping = try LabelMapping(from: .cityscapes19, to: found.images.space)
    #expect(
      Array(mapping.table[..<19]).map { $0 == 255 ? -1 : Int($0) }
        == [0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 2, 1, 1, 1, -1, -1, -1])
    #expect(try LabelMapping(from: .cityscapes16, to: found.images.space).table[13] == 1)
    #expect(found.images.space.classes[1] == LabelClass("vehicle", 0, 0, 142))
    source.split = "train"
    #expect(try source.imageList().entries.map(\.name) == ["a"])
    #expect(problem { _ = try source.labelled() }?.place == "harbour train")
  }

  @Test("a known label space, list files and another root will do")
  func known() throws {
    let folder = ScratchFolder()
    try folder.write(
      "splits: {all: {images: list.txt, labels: ids, count: 3}}\nlabel_space: camvid11\n", to: "own.yaml")
    try folder.write("x/a.png\nx/b.png\n", to: "elsewhere/list.txt")
    try folder.touch("elsewhere/x/a.png", "elsewhere/x/b.png", "elsewhere/ids/a.png", "elsewhere/ids/b.png")
    let source = DataSource(dataset: folder.at("own.yaml"), data: folder.at("elsewhere"), allowMissing: true)
    let found = try source.labelled()
    #expect(found.name == "own all" && found.images.count == 2 && found.missing == 1)
    #expect(found.images.space == .camvid11)
    let set = try DataSet(file: folder.at("own.yaml"))
    #expect(
      set.defaultSplit == "all"
        && set.root.map(ScratchFolder.standardized) == ScratchFolder.standardized(folder.path))
  }

  @Test("keys in camelCase are those in snake_case")
  func camelCase() throws {
    let folder = ScratchFolder()
    try folder.write("splits: {all: {images: x}}\nlabelSpace: camvid11\n", to: "own.yaml")
    #expect(try DataSet(file: folder.at("own.yaml")).labelSpace == .camvid11)
  }

  @Test("images alone need no classes; their labels then need a label space")
  func noClasses() throws {
    let folder = ScratchFolder()
    try folder.write("splits:\n  val: {images: i, labels: l}\n", to: "own.yaml")
    try folder.touch("i/a.png", "l/a.png")
    let source = DataSource(dataset: folder.at("own.yaml"))
    #expect(try source.imageList().count == 1)
    #expect(problem { _ = try source.labelled() }?.remedy.contains("--label-space") == true)
    #expect(try source.labelled(defaultSpace: .camvid11).images.count == 1)
  }

  @Test(
    "what cannot be understood is told with its line",
    arguments: [
      ("splits:\n  val: {images: [a\n", "line ", "not YAML"),
      ("name: x\n", "line 1", "no `splits:`"),
      ("splits: {}\n", "line 1", "no split"),
      ("splits:\n  val:\n    labels: l\n", "line 3", "no `images:`"),
      ("splits: {val: {images: i}}\nclases: [a]\n", "line 2", "the known ones are name"),
      ("splits: {val: {images: i, label: l}}\n", "line 1", "images, labels, count"),
      ("splits: {val: {images: i, count: many}}\n", "line 1", "found many"),
      ("splits: {val: {images: i}}\nlabel_space: camvid12\n", "line 2", "known ones are"),
      ("splits: {val: {images: i}}\nlabel_space: camvid11\nids: {1: car}\n", "line 3", "keep one"),
      ("splits: {val: {images: i}}\nids: {1: car}\n", "line 2", "without `classes:`"),
      ("splits: {val: {images: i}}\nclasses: [a, a]\n", "line 2", "two classes are named a"),
      ("splits: {val: {images: i}}\nclasses: [a]\nids:\n  1: a\n  2: b\n", "line 5", "known ones are a"),
      ("splits: {val: {images: i}}\nclasses: [a]\nids: {x: a}\n", "line 3", "a label id, found x"),
      ("splits: {val: {images: i}}\nclasses: [a]\nids: {1: a}\nignore: 1\n", "line 2", "both a class"),
      ("splits: {val: {images: i}}\nclasses: [{name: a, colour: [1, 2]}]\n", "line 2", "three numbers"),
      ("splits: {val: {images: i}}\nclasses: [a]\nclass_mapping: {car: b}\n", "line 2", "known ones are a"),
      ("splits: {val: {images: i}}\nclass_mapping_from: camvid11\n", "line 2", "without `class_mapping:`"),
      ("- a\n", "line 1", "another form"), ("", "own.yaml", "empty"),
    ])
  func refused(text: String, place: String, words: String) throws {
    let found = try #require(refusal(text))
    #expect(found.place.contains("own.yaml") && found.place.contains(place), "\(found)")
    #expect(found.description.contains(words), "\(found)")
  }
}
