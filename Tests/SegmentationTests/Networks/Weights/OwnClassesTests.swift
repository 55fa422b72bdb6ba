// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Weights of a network with classes of one's own")
struct OwnClassesTests {
  private static let file = """
    name: harbour
    splits: {train: {images: frames}}
    classes: [ground, {name: vehicle, colour: [1, 2, 3]}, person, "crane \\"A\\"", water]
    ids: {7: ground, 8: vehicle, 9: person, 10: water}
    ignore: [0]
    """

  private func network(_ classes: Int) throws -> any Segmenter {
    try NetworkFamily.named("espnet").fresh(BuildRequest(classCount: classes, normalisation: .imageNet))
  }

  @Test("they tell the classes' names and colours, without the data set's file")
  func roundTrip() throws {
    let folder = ScratchFolder()
    try folder.write(Self.file, to: "harbour.yaml")
    let space = try LabelSpace.named(folder.at("harbour.yaml"))
    try NetworkFile.save(network(5), classes: space, to: folder.at("own.pth"))
    let loaded = try NetworkFile.load(folder.at("own.pth")).classes
    #expect(loaded.name == "harbour" && loaded.classes == space.classes)
    // Label maps of the network hold class indices, whatever ids the files have.
    #expect(loaded.indices == [0: 0, 1: 1, 2: 2, 3: 3, 4: 4])
    #expect(try LabelMapping(from: loaded, to: space).table[0..<6] == [0, 1, 2, 3, 4, 255])
  }

  @Test("known classes stay a name")
  func known() throws {
    let folder = ScratchFolder()
    try NetworkFile.save(network(19), classes: .cityscapes19, to: folder.at("known.pth"))
    let metadata = try CheckpointFile.read(folder.at("known.pth")).metadata
    #expect(metadata["iapc.classes"] == "cityscapes19")
  }

  @Test(
    "damaged texts, and files that tell no classes, are refused",
    arguments: ["{", "{\"name\": \"a\", \"classes\": [{\"name\": \"b\", \"colour\": [1]}]}", "none.yaml"])
  func damaged(_ text: String) throws {
    let folder = ScratchFolder()
    try folder.write("splits: {train: {images: frames}}\n", to: "none.yaml")
    let name = text.hasPrefix("{") ? text : folder.at(text)
    #expect(problem { _ = try LabelSpace.named(name) }?.what == "cannot use the label space")
  }

  @Test("an ESPNet of too few classes is refused")
  func tooFew() throws {
    #expect(problem { _ = try network(4) }?.why == "it needs at least 5 classes, got 4")
  }
}
