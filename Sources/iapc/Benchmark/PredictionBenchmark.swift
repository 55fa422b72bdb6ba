// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// Which images are predicted, and how, by both benchmarks of predictions.
struct TimedPredictionOptions: ParsableArguments {
  @OptionGroup var network: TimedNetworkOptions
  @Option(help: "The network's input size.")
  var size = PixelSize(width: 1024, height: 512)
  @Option(help: "The size of the drawn scenes.")
  var sceneSize = PixelSize(width: 2048, height: 1024)
  @Option(help: "How many scenes to draw.")
  var count = 8
  @Option(
    help: ArgumentHelp("Images in the place of drawn scenes.", valueName: "dir-or-list"), completion: .file())
  var images: String?
  @OptionGroup var machine: MachineOptions
  @Option(
    help: ArgumentHelp("Also write the numbers there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1, got \(count).") }
  }

  /// Times a body on a folder or list of images and a folder of labels.
  func time(
    labels: String?, _ settings: PredictionSettings,
    _ body: (PredictionTiming, LoadedNetwork, _ images: String, _ labels: String) throws ->
      PredictionTiming.Result
  ) throws {
    try checkOutputFile(json)
    let loaded = try network.load(on: machine.apply())
    var settings = settings
    settings.size = size
    settings.precision = network.precision
    let timing = PredictionTiming(loaded, settings)
    let result: PredictionTiming.Result
    if let images {
      result = try body(timing, loaded, images, labels ?? "")
    } else {
      result = try TimedScenes(size: sceneSize, count: count).withFiles { images, labels in
        ProcessMemory.forgetPeak()
        return try body(timing, loaded, images, labels)
      }
    }
    tell(result)
    if let json { try writeJSON(result, to: json) }
  }

  private func tell(_ result: PredictionTiming.Result) {
    var rows = [
      (
        name: "seconds an image",
        value: String(
          format: "%.3f (%d images in %.1f s)", result.secondsPerImage, result.images, result.seconds)
      )
    ]
    rows += breakdownRows(result.breakdown)
    rows += [
      ("peak memory", mebibytes(result.peakResidentBytes)),
      ("precision", "\(result.precision), \(result.threads) threads"),
    ]
    if let score = result.mIoU { rows.append(("mIoU", String(format: "%.2f", 100 * score))) }
    printTable(rows)
  }
}

struct EvaluationBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Time an evaluation, reading of images and labels included.",
    discussion: """
      Example:
        iapc benchmark evaluate --network espnet --size 1024x512 --count 8
      """)

  @OptionGroup var prediction: TimedPredictionOptions
  @Option(help: ArgumentHelp("The labels of --images.", valueName: "dir"), completion: .directory)
  var labels: String?
  @Option(help: "What they hold. (default: what the network predicts)", completion: .labelSpaces)
  var labelSpace: String?

  func validate() throws {
    guard (prediction.images == nil) == (labels == nil) else {
      throw ValidationError("Give --images and --labels together.")
    }
  }

  func run() throws {
    let display = ProgressDisplay()
    try prediction.time(labels: labels, PredictionSettings()) { timing, loaded, images, labels in
      let space =
        try labelSpace.map(LabelSpace.named) ?? (self.labels == nil ? .cityscapes19 : loaded.classes)
      let data = try LabelledImages(images: ImageList(at: images), labelFolder: labels, space: space)
      display.begin("evaluate", data.count)
      return try timing.evaluate(data) { display.advance($0) }
    }
  }
}

struct LabellingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pseudo-label",
    abstract: "Time the making of pseudo-labels: three scales, plain and mirrored, files written.",
    discussion: """
      Example:
        iapc benchmark pseudo-label --network espnet --size 1024x512 --count 8
      """)

  @OptionGroup var prediction: TimedPredictionOptions

  func run() throws {
    let display = ProgressDisplay()
    let settings = EvaluationProtocol.pseudoLabels.settings
    try prediction.time(labels: nil, settings) { timing, _, images, _ in
      let list = try ImageList(at: images)
      let folder = FileManager.default.temporaryDirectory.appending(path: "iapc-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      display.begin("pseudo-label", list.count)
      return try timing.label(list, into: folder) { display.advance($0) }
    }
  }
}
