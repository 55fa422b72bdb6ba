// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

struct Train: SharedCommand, EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a source network on labelled images.",
    discussion: """
      Example, with generated streets, 100 of them to score the network on:
        iapc data streets --domain noon --count 600 --size 320x240 --output noon
        iapc data streets --domain noon --count 100 --seed 2 --size 320x240 --output held
        iapc train --images noon/images --labels noon/labels --label-space camvid11 \\
          --validation-images held/images --validation-labels held/labels --output runs/source

      Example, DeepLabV2 on GTA5, as the source networks of the field are trained:
        iapc train --profile deeplabv2 --images gta5/images --labels gta5/labels \\
          --label-space cityscapesIds --output runs/gta5 \\
          --validation-images cityscapes/leftImg8bit/val --validation-labels cityscapes/gtFine/val
      From there it is common to add:
        --set augmentation.min_scale=0.5 --set augmentation.max_scale=2 \\
          --set augmentation.cat_max_ratio=0.75 --set augmentation.hflip=on \\
          --set augmentation.photometric_distortion=ssd --set data.rare_class_sampling=on

      Profiles:
        compact    a small network on small images: AdamW, class weights, some thousand steps
        deeplabv2  AdaptSegNet's recipe: SGD at 2.5e-4 and ten times that for the classifier,
                   one 1280x720 image a step, batch normalisation's weights as they came

      The run folder then holds last.safetensors and last.pth, with a validation set
      also best.safetensors and best.pth, the weights that scored highest there, and
      evaluations.jsonl with every score; config.yaml with every setting,
      manifest.json with versions and hashes, metrics.jsonl with each step's loss,
      tensorboard/ with the same for TensorBoard, and checkpoints/. Ctrl-C finishes the step and saves; --resume goes on.
      A step whose loss or gradient is no number is never taken: it ends the run, or
      is left out with --set runtime.on_nan=skip.

      Settings of --config and --set, with their defaults, and in parentheses those of
      another profile:
      \(TrainingSettings.explanation)
      """)

  @OptionGroup var source: ImageOptions
  @OptionGroup var labels: LabelOptions
  @Option(
    help: ArgumentHelp("Images to score the network on in between.", valueName: "dir-or-list"),
    completion: .file())
  var validationImages: String?
  @Option(help: ArgumentHelp("The folder of their label images.", valueName: "dir"), completion: .directory)
  var validationLabels: String?
  @Option(help: "What those label images hold. (default: as --label-space)", completion: .labelSpaces)
  var validationLabelSpace: String?
  @Option(help: ArgumentHelp("The run folder; it must be new.", valueName: "dir"), completion: .directory)
  var output: String?
  @Option(help: ArgumentHelp("Go on with a run that was stopped.", valueName: "run"), completion: .directory)
  var resume: String?
  @Flag(help: "Replace the run that is in the output folder.")
  var overwrite = false

  @Option(
    help: "compact or deeplabv2. (default: \(TrainingSettings().profile.rawValue))",
    completion: .choices(of: TrainingSettings.Profile.self))
  var profile: String?
  @OptionGroup var foreign: ForeignNetworkOptions
  @Option(help: ArgumentHelp("Weights to go on from.", valueName: "file"), completion: .weights)
  var weights: String?
  @Option(
    help: ArgumentHelp(
      "A body's weights for a fresh network to start from: of ImageNet (torchvision, Caffe) or another's.",
      valueName: "file"), completion: .weights)
  var backbone: String?
  @Option(help: ArgumentHelp("The size images are brought to. (default: their own)", valueName: "WxH"))
  var size: String?
  @Option(
    help: ArgumentHelp(
      "The size of training crops. (default: \(TrainingSettings.defaultText("augmentation.crop")))",
      valueName: "WxH"))
  var crop: String?
  @Option(help: "Images a step. (default: \(TrainingSettings.defaultText("data.batch_size")))")
  var batch: String?
  @Option(help: "Updates to run. (default: \(TrainingSettings.defaultText("schedule.steps")))")
  var steps: String?
  @Option(
    help: "adamw, adamw_rms or sgd. (default: \(TrainingSettings.defaultText("optimizer.name")))",
    completion: .choices(of: OptimizerChoice.self))
  var optimizer: String?
  @Option(
    help:
      "The learning rate after the warm-up. (default: \(TrainingSettings.defaultText("optimizer.learning_rate")))"
  )
  var learningRate: String?
  @Option(
    help:
      "Steps between scores on the validation images. (default: \(TrainingSettings.defaultText("validation.every")))"
  )
  var evaluateEvery: String?
  @Option(help: "auto, cpu, cuda or cuda:N.", completion: .devices)
  var device: String?
  @Option(help: "The seed of every random choice. (default: \(TrainingSettings.defaultText("runtime.seed")))")
  var seed: String?
  @Option(help: "Threads of the computation. (default: all cores)")
  var threads: String?
  @OptionGroup var sharing: ProcessOptions
  @Flag(
    inversion: .prefixedNo,
    help:
      "Let processes that share a batch normalise by the statistics of all of it. (default: \(TrainingSettings.defaultText("batch_norm.sync")))"
  )
  var syncBatchnorm: Bool?
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions

  func run() throws {
    Signals.watch()
    let peers = try sharing.join()
    let isFirst = peers.isFirst
    var settings: TrainingSettings =
      try resume.map { path in
        try config.resumed(path, options: options + [("profile", profile)])
      } ?? fresh()
    if let peers { settings.device = try peers.device(settings.device) }
    let trainer = SourceTrainer(
      settings, command: CommandLine.arguments, observer: ProgressDisplay(quiet: !isFirst).observer,
      peers: peers)
    let result = try trainer.run(resume == nil ? .new(overwrite: overwrite) : .resume)
    guard isFirst else { return }
    let folder = RunFolder(settings.output)
    let (last, best) = (folder.weights("last"), folder.weights("best"))
    EventLog.leave([
      "run": folder.path, "config": folder.config, "manifest": folder.manifest, "metrics": folder.metrics,
      "evaluations": folder.evaluations, "tensorboard": folder.tensorboard, "pth": last.pth,
      "safetensors": last.safetensors, "best_pth": best.pth, "best_safetensors": best.safetensors,
    ])
    let cost = String(format: "%.1f s of steps, %.1f s waiting for data", result.seconds, result.waited)
    print("trained weights: \(last.pth) (and .safetensors); \(cost)")
    if let winner = result.best, let mean = winner.mIoU {
      let score = String(format: "%.2f", 100 * mean)
      print("best weights: \(best.pth) (and .safetensors); mIoU \(score) at step \(winner.step)")
    }
  }

  private var options: [(String, String?)] {
    [
      ("data.labels", labels.labels), ("data.label_space", labels.labelSpace),
      ("validation.images", validationImages), ("validation.labels", validationLabels),
      ("validation.label_space", validationLabelSpace), ("runtime.output", output),
      ("network.backbone", backbone),
      ("network.weights", weights), ("data.size", size), ("augmentation.crop", crop),
      ("data.batch_size", batch), ("schedule.steps", steps),
      ("optimizer.name", optimizer), ("optimizer.learning_rate", learningRate),
      ("validation.every", evaluateEvery),
      ("runtime.device", device), ("runtime.seed", seed), ("runtime.threads", threads),
      ("batch_norm.sync", syncBatchnorm.map { $0 ? "on" : "off" }),
    ] + foreign.settings + source.settings
  }

  /// - Throws: where the images, the labels or the run folder are not named.
  private func fresh() throws -> TrainingSettings {
    let settings: TrainingSettings = try config.settings(profile: profile, options: options)
    let given = settings.source
    for (name, isMissing) in [
      ("--images", given.isEmpty),
      ("--labels", given.labels == nil && given.dataset == nil), ("--output", settings.output.isEmpty),
    ] where isMissing {
      throw ValidationError("Missing expected argument '\(name)'.")
    }
    return settings
  }
}
