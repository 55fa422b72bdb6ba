// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation

extension Submission: ExpressibleByArgument {}

struct Predict: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label images or a video: maps, overlays and a legend; or a benchmark's submission.",
    discussion: """
      Examples:
        iapc predict --weights runs/a/adapted.safetensors --images frames/ --output labelled
        iapc predict --weights runs/a/adapted.safetensors --video drive.mp4 --output labelled.mp4

      For each image labelled/labels/NAME.png (class indices),
      labelled/colours/NAME.png and labelled/overlays/NAME.png at the image's size,
      and labelled/legend.svg with the classes' colours.

      With --video the output is one H.264 file of overlays, with as many frames as the
      input; FFmpeg reads and writes it. What was labelled is kept where the input
      breaks off, and after Ctrl-C.

      With --submission the folder holds what a benchmark's server takes, and nothing
      else; put its content into a zip file. cityscapes: label ids, in files named as
      the images. acdc: train ids, in labelTrainIds/. dark-zurich: the same, with
      labelTrainIds_invalid/ (no pixel is called invalid) and confidence/ (zero: the
      server's IoU counts, its uncertainty-aware scores do not).
      """)

  @OptionGroup var network: NetworkOptions
  @OptionGroup var images: ImageOptions
  @Option(
    help: ArgumentHelp("A video in the place of images, in any form that FFmpeg reads.", valueName: "file"),
    completion: .file())
  var video: String?
  @Option(
    help: ArgumentHelp(
      "The folder for the results, new or empty; of a video the file: .mp4, .mov or .mkv.",
      valueName: "dir-or-file"), completion: .file())
  var output: String
  @Flag(help: "Write over results that are there already.")
  var overwrite = false
  @Option(help: "The colours' share in overlays, 0 to 1.")
  var opacity = 0.5
  @Option(
    help: "What the maps hold; the network's classes are mapped to it. (default: the network's classes)",
    completion: .labelSpaces)
  var labelSpace: String?
  @Option(
    help: ArgumentHelp("Write what a benchmark's server takes instead.", valueName: "benchmark"))
  var submission: Submission?
  @OptionGroup var prediction: PredictionOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions

  func validate() throws {
    guard (0...1).contains(opacity) else {
      throw ValidationError("--opacity must be in 0 to 1, got \(opacity).")
    }
    guard submission == nil || labelSpace == nil else {
      throw ValidationError("--submission has a label space of its own; leave out --label-space.")
    }
    guard video == nil || (images.isEmpty && submission == nil) else {
      throw ValidationError(
        "--video is in the place of images; leave out --images, --dataset and --submission.")
    }
  }

  func run() throws {
    Signals.watch()
    if let video { return try label(video: video) }
    let list = try images.list()
    let loaded = try network.load(machine)
    loaded.network.store.seal()
    let predictor = Predictor(loaded.network, try prediction.resolved().settings)
    try predictor.check()
    let results = try results(of: list, loaded.classes)
    try checkOutput(output, overwrite: overwrite)
    if submission != nil { try checkNothingElse(in: output, than: results.names) }
    try list.checkImages(shouldStop: { Signals.current != nil })
    try withResults(in: output, named: results.names) { try label(list, predictor, results) }
    EventLog.leave(["output": output])
    print("labelled \(list.count) images: \(output)")
  }

  /// What is written for the images, and how.
  private struct Results {
    let names: [String]
    let write: (ImageList.Entry, RGBImage, LabelMap) throws -> Void
    var finish: () throws -> Void = {}
  }

  private func results(of list: ImageList, _ classes: LabelSpace) throws -> Results {
    if let submission {
      let writer = try SubmissionWriter(submission, of: list, classes: classes)
      return Results(names: writer.names) { entry, _, labels in
        for file in writer.files(of: entry, labels) {
          try write(file.name) { try file.map.writePNG(to: $0, compression: 3) }
        }
      }
    }
    let space = try labelSpace.map(LabelSpace.named) ?? classes
    let mapping = try LabelMapping(from: classes, to: space)
    let files = list.entries.flatMap { entry in
      ["labels", "colours", "overlays"].map { "\($0)/\(entry.name).png" }
    }
    return Results(names: files + ["legend.svg"]) { entry, image, predicted in
      let labels = mapping(predicted)
      try write("labels/\(entry.name).png") { try labels.writePNG(to: $0, compression: 3) }
      try write("colours/\(entry.name).png") {
        try space.colours(of: labels).writePNG(to: $0, compression: 3)
      }
      try write("overlays/\(entry.name).png") {
        try space.overlay(labels, on: image, opacity: opacity).writePNG(to: $0, compression: 3)
      }
    } finish: {
      try AtomicFile.write(space.legend, to: "\(output)/legend.svg")
    }
  }

  private func label(_ list: ImageList, _ predictor: Predictor, _ results: Results) throws {
    let display = ProgressDisplay()
    display.begin("predict", list.count)
    for (index, entry) in list.entries.enumerated() {
      let image = try entry.read()
      try results.write(entry, image, predictor.labels(of: image))
      display.advance(index + 1)
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
    try results.finish()
  }

  private func write(_ name: String, _ body: (String) throws -> Void) throws {
    let path = "\(output)/\(name)"
    try makeFolder(parentFolder(of: path))
    try body(path)
  }
}
