// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

/// Files that users have and the program cannot use: one line, status 1, nothing left behind.
@Suite struct ErrorTests {
  let sample: Sample
  let folder: ScratchFolder
  var output: String { folder.path("output") }

  init() throws {
    sample = try Sample.make()
    folder = try ScratchFolder()
  }

  /// The commands that read images, with an output of their own.
  static let readers = ["adapt", "predict", "pseudo-label", "evaluate"]

  private func arguments(_ command: String, images: String? = nil, weights: String? = nil) -> [String] {
    let start = [command, "--weights", weights ?? sample.weights, "--images", images ?? sample.images]
    return start
      + (command == "evaluate"
        ? ["--labels", sample.labels, "--json", "\(output).json"] : ["--output", output])
  }

  private func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(listing(output) == nil, sourceLocation: sourceLocation)
    #expect(!exists("\(output).json"), sourceLocation: sourceLocation)
    folder.expectNothingPartial(sourceLocation: sourceLocation)
  }

  // MARK: Images

  @Test("A folder without images", arguments: readers)
  func noImages(_ command: String) throws {
    try expectError(arguments(command, images: folder.folder("empty")), saying: "has no images", ".png")
    expectNothing()
  }

  @Test("A JPEG that ends half-way, among good images", arguments: readers)
  func truncated(_ command: String) throws {
    try expectError(
      arguments(command, images: folder.damagedImages(sample)), saying: "noon_00002.jpg", "truncated")
    expectNothing()
  }

  @Test("A damaged image leaves what is in the output folder as it was")
  func damagedOverOld() throws {
    _ = try folder.folder("output/labels")
    let old = try folder.file("output/labels/noon_00000.png", Array("old".utf8))
    let images = try folder.damagedImages(sample)
    try expectError(arguments("predict", images: images) + ["--overwrite"], saying: "truncated")
    #expect(listing(output) == ["labels", "labels/noon_00000.png"])
    #expect(try text(old) == "old")
  }

  @Test("A PNG named .jpg", arguments: readers)
  func misnamed(_ command: String) throws {
    let images = try folder.folder("images", [("\(sample.images)/noon_00000.png", "a.jpg")])
    let labels = try folder.folder("labels", [("\(sample.labels)/noon_00000.png", "a.png")])
    var arguments = arguments(command, images: images)
    if let place = arguments.firstIndex(of: sample.labels) { arguments[place] = labels }
    try expectError(arguments, saying: "a.jpg", "holds a PNG", "rename it to .png")
    expectNothing()
  }

  @Test("Images that are not there", arguments: readers)
  func missingImages(_ command: String) throws {
    try expectError(arguments(command, images: folder.path("none")), saying: "cannot find the images", "none")
    expectNothing()
  }

  // MARK: Labels

  private func evaluate(label: LabelMap) throws -> [String] {
    let images = try folder.folder("images", [("\(sample.images)/noon_00000.png", "a.png")])
    let labels = try folder.folder("labels")
    try label.writePNG(to: "\(labels)/a.png", palette: nil, compression: 3)
    return ["--images", images, "--labels", labels]
  }

  @Test("A label image with an unknown id")
  func unknownID() throws {
    var pixels = [UInt8](repeating: 3, count: 64 * 48)
    pixels[7] = 77
    let data = try evaluate(label: LabelMap(size: PixelSize(width: 64, height: 48), pixels: pixels))
    try expectError(
      ["evaluate", "--weights", sample.weights, "--json", "\(output).json"] + data, saying: "id 77",
      "camvid11", "a.png")
    try expectError(
      ["train", "--label-space", "camvid11", "--steps", "1", "--output", output] + data, saying: "id 77",
      "a.png")
    expectNothing()
  }

  @Test("Labels of another size than the images")
  func otherSize() throws {
    let size = PixelSize(width: 32, height: 24)
    let data = try evaluate(label: LabelMap(size: size, pixels: [UInt8](repeating: 3, count: size.area)))
    try expectError(
      ["evaluate", "--weights", sample.weights, "--json", "\(output).json"] + data, saying: "64x48", "32x24",
      "a.png")
    try expectError(
      ["train", "--label-space", "camvid11", "--steps", "1", "--output", output] + data, saying: "64x48",
      "32x24")
    expectNothing()
  }

  @Test("A label folder that is not there")
  func missingLabels() throws {
    try expectError(
      ["evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", folder.path("none")],
      saying: "folder of labels", "none")
  }

  // MARK: Weights

  @Test("Weights of another network", arguments: ["adapt", "predict"])
  func otherNetwork(_ command: String) throws {
    let other = fixture("checkpoints/plain.zip.pth", of: "TorchTests")
    try expectError(
      arguments(command, weights: other), saying: "plain.zip.pth", "not those of a network that is built in")
    expectNothing()
  }

  @Test("Weights of a label space that the program does not know, or with a wrong name for theirs")
  func otherClasses() throws {
    let six = fixture("golden_small/weights.safetensors", of: "AdaptationTests")
    try expectError(arguments("predict", weights: six), saying: "6 outputs", "19 classes", "--classes")
    try expectError(arguments("predict") + ["--classes", "cityscapes19"], saying: "11 outputs", "19 classes")
    expectNothing()
  }

  @Test(
    "A pickle that calls os.system is refused and runs nothing",
    arguments: ["evil.zip.pth", "evil.legacy.pth"])
  func evil(_ name: String) throws {
    let file = fixture("checkpoints/\(name)", of: "TorchTests")
    let place = try folder.folder("place")
    for arguments in [
      arguments("predict", weights: file), ["inspect", "--weights", file],
      ["convert", file, "\(output).pth"],
    ] {
      let outcome = try iapc(arguments, folder: place)
      #expect(outcome.status == 1 && outcome.errorLines.count == 1)
      #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains("system"))
      // What the call would have printed or made.
      #expect(outcome.output == "" && listing(place) == [])
    }
    #expect(!exists("\(output).pth"))
    expectNothing()
  }

  @Test("Weights cut short, and weights that are not there")
  func badFile() throws {
    let whole = try bytes("\(sample.run)/adapted.pth")
    let cut = try folder.file("cut.pth", Array(whole.prefix(whole.count / 2)))
    try expectError(arguments("predict", weights: cut), saying: "cut.pth", "damaged or incomplete")
    try expectError(arguments("adapt", weights: folder.path("none.pth")), saying: "none.pth", "no such file")
    try expectError(["inspect", "--weights", folder.path("none.pth")], saying: "no such file")
    try expectError(["convert", folder.path("none.pth"), "\(output).pth"], saying: "no such file")
    expectNothing()
  }
}
