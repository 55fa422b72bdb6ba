// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label images: label maps, colour maps, overlays and a legend.",
    discussion: """
      Example:
        iapc predict --weights runs/a/adapted.safetensors --images frames/ --output labelled

      For each image labelled/labels/NAME.png (class indices),
      labelled/colours/NAME.png and labelled/overlays/NAME.png at the image's size,
      and labelled/legend.svg with the classes' colours.
      """)

  @OptionGroup var network: NetworkOptions
  @Option(help: ArgumentHelp("The images: a folder, a list file or one image.", valueName: "dir-or-list"))
  var images: String
  @Option(help: ArgumentHelp("The folder for the results; it must be new or empty.", valueName: "dir"))
  var output: String
  @Flag(help: "Write over results that are there already.")
  var overwrite = false
  @Option(help: "The colours' share in overlays, 0 to 1.")
  var opacity = 0.5
  @Option(
    help: "What the maps hold; the network's classes are mapped to it. (default: the network's classes)")
  var labelSpace: String?
  @OptionGroup var prediction: PredictionOptions
  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard (0...1).contains(opacity) else {
      throw ValidationError("--opacity must be in 0 to 1, got \(opacity).")
    }
  }

  func run() throws {
    Signals.watch()
    let list = try ImageList(at: images)
    let loaded = try network.load(machine)
    let space = try labelSpace.map(LabelSpace.named) ?? loaded.classes
    let mapping = try LabelMapping(from: loaded.classes, to: space)
    let predictor = Predictor(loaded.network, try prediction.settings())
    try checkOutput(output, overwrite: overwrite)
    try list.checkImages(shouldStop: { Signals.current != nil })
    let files = list.entries.flatMap { entry in
      ["labels", "colours", "overlays"].map { "\($0)/\(entry.name).png" }
    }
    try withResults(in: output, named: files + ["legend.svg"]) {
      try label(list, in: space) { mapping(predictor.labels(of: $0)) }
    }
    print("labelled \(list.count) images: \(output)")
  }

  private func label(_ list: ImageList, in space: LabelSpace, _ predict: (RGBImage) -> LabelMap) throws {
    let display = ProgressDisplay()
    display.begin("predict", list.count)
    for (index, entry) in list.entries.enumerated() {
      let image = try ImageFile.readRGB(entry.path)
      let labels = predict(image)
      try write(entry.name, in: "labels") { try labels.writePNG(to: $0, palette: nil, compression: 3) }
      try write(entry.name, in: "colours") { try space.colours(of: labels).writePNG(to: $0, compression: 3) }
      try write(entry.name, in: "overlays") {
        try space.overlay(labels, on: image, opacity: opacity).writePNG(to: $0, compression: 3)
      }
      display.advance(index + 1)
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
    try AtomicFile.write(space.legend, to: "\(output)/legend.svg")
  }

  private func write(_ name: String, in kind: String, _ body: (String) throws -> Void) throws {
    let path = "\(output)/\(kind)/\(name).png"
    try makeFolder((path as NSString).deletingLastPathComponent)
    try body(path)
  }
}
