// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a source network on labelled images.",
    discussion: """
      Example, with generated streets:
        iapc data streets --domain noon --count 600 --size 320x240 --output noon
        iapc train --images noon/images --labels noon/labels --label-space camvid11 --output runs/source

      The run folder then holds last.safetensors, config.yaml and metrics.jsonl.

      Settings of --config and --set:
      \(TrainingSettings.table.explanation(defaults: TrainingSettings()))
      """)

  @Option(help: ArgumentHelp("The images: a folder or a list file.", valueName: "dir-or-list"))
  var images: String?
  @Option(help: ArgumentHelp("The folder of label images.", valueName: "dir"))
  var labels: String?
  @Option(help: "What the label images hold: camvid11, cityscapes19, cityscapesIds.")
  var labelSpace: String?
  @Option(help: ArgumentHelp("The run folder; it must be new.", valueName: "dir"))
  var output: String?
  @Flag(help: "Replace the run that is in the output folder.")
  var overwrite = false
  @Option(help: "The network's family: espnet.")
  var network: String?
  @Option(help: ArgumentHelp("Weights to go on from.", valueName: "file"))
  var weights: String?
  @Option(help: ArgumentHelp("The size images are brought to. (default: their own)", valueName: "WxH"))
  var size: String?
  @Option(help: ArgumentHelp("The size of training crops.", valueName: "WxH"))
  var crop: String?
  @Option(help: "Images a step.")
  var batch: String?
  @Option(help: "Updates to run.")
  var steps: String?
  @Option(help: "The learning rate after the warm-up.")
  var learningRate: String?
  @Option(help: "auto, cpu, cuda or cuda:N.")
  var device: String?
  @Option(help: "The seed of every random choice.")
  var seed: String?
  @Option(help: "Threads of the computation.")
  var threads: String?
  @OptionGroup var config: ConfigOptions

  func run() throws {
    Signals.watch()
    var settings = TrainingSettings()
    try config.apply(
      TrainingSettings.table, of: "train", to: &settings,
      options: [
        ("images", images), ("labels", labels), ("labelSpace", labelSpace), ("output", output),
        ("network", network),
        ("weightsFile", weights), ("size", size), ("crop", crop), ("batch", batch), ("steps", steps),
        ("learningRate", learningRate), ("device", device), ("seed", seed), ("threads", threads),
      ])
    for (name, value) in [
      ("--images", settings.images), ("--labels", settings.labels), ("--output", settings.output),
    ]
    where value.isEmpty {
      throw ValidationError("Missing expected argument '\(name)'.")
    }
    try SourceTrainer(settings, observer: ProgressDisplay().observer).run(overwrite: overwrite)
    print("trained weights: \(settings.output)/last.safetensors")
  }
}
