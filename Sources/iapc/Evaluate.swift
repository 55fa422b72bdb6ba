// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation
import Segmentation

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score weights on labelled images: IoU per class and mIoU.",
    discussion: """
      Example:
        iapc evaluate --weights runs/a/adapted.pth --network espnet \\
          --images val/ --labels valannot/ --label-space camvid11 --size 640x480

      One confusion matrix over all images. Images are resized as Pillow's BICUBIC,
      logits brought to each label's size bilinearly with align_corners, and classes
      mapped to the label space after the argmax.
      """)

  @OptionGroup var network: NetworkOptions
  @Option(help: ArgumentHelp("The images: a folder or a list file.", valueName: "dir-or-list"))
  var images: String
  @Option(help: ArgumentHelp("The folder of label images (PNG).", valueName: "dir"))
  var labels: String
  @Option(
    help:
      "What the label images hold: camvid11, cityscapes19, cityscapesIds. (default: the network's classes)")
  var labelSpace: String?
  @OptionGroup var prediction: PredictionOptions
  @Flag(help: "Normalise by each image's own statistics instead of the stored ones.")
  var batchStatistics = false
  @Option(help: ArgumentHelp("Also write the result there.", valueName: "file"))
  var json: String?
  @OptionGroup var machine: MachineOptions

  func run() throws {
    Signals.watch()
    try checkOutputFile(json)
    let loaded = try network.load(machine)
    let space = try labelSpace.map(LabelSpace.named) ?? loaded.classes
    var settings = try prediction.settings()
    settings.mode = batchStatistics ? .batchStatistics : .evaluation
    let data = try LabelledImages(images: ImageList(at: images), labelFolder: labels, space: space)
    let evaluator = try Evaluator(Predictor(loaded.network, settings), classes: loaded.classes, data: data)
    let display = ProgressDisplay()
    display.begin("evaluate", data.count)
    let evaluation = try evaluator.run { count in
      display.advance(count)
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
    table(evaluation)
    if let json {
      try writeJSON(
        EvaluationReport(evaluation, of: loaded, statistics: batchStatistics ? "each image's" : "stored"),
        to: json)
    }
  }

  private func table(_ evaluation: Evaluation) {
    let width = evaluation.space.classes.map(\.name.count).max() ?? 0
    for (index, item) in evaluation.space.classes.enumerated() {
      let score = evaluation.matrix.iou(index).map { String(format: "%6.2f", 100 * $0) } ?? "     -"
      print(item.name.padding(toLength: max(width, 4), withPad: " ", startingAt: 0), score)
    }
    let mean = String(format: "%6.2f", 100 * evaluation.meanIoU)
    print(
      "mIoU".padding(toLength: max(width, 4), withPad: " ", startingAt: 0), mean,
      " (\(evaluation.images) images)")
  }
}
