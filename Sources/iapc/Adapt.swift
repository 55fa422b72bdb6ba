// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation
import Report
import Segmentation

struct Adapt: SharedCommand, EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adapt a source network to a folder of unlabelled images.",
    discussion: """
      Examples:
        iapc adapt --weights espnet.pth --network espnet \\
          --images frames/ --size 640x480 --output runs/a
        iapc adapt --config run.yaml --set loss_weights.im=0.2 --output runs/b
        iapc adapt --resume runs/a

      Profiles:
        recommended  the paper's terms on labels of several scales and of one
                     brightness, with classes mixed; AdamW, its rate in units of
                     each parameter
        paper        the method as the paper has it
        reference    the method as its authors' released code has it

      The run folder then holds adapted.safetensors and adapted.pth (for
      torch.load), config.yaml with every setting, manifest.json with the versions
      and hashes it was made from, metrics.jsonl with each step's terms,
      tensorboard/ with the same for TensorBoard, selection.jsonl with what
      label-free criteria said now and then (not in runs too short for it),
      checkpoints/, and report.html, a page that shows what changed (see `iapc help
      report`). Ctrl-C finishes the step and saves; --resume goes on.
      Where classes vanish, or their shares drift, a line says so and names them, and
      the checkpoint from before is kept; --set selection.collapse_alarm=stop ends the
      run then.
      `iapc select RUN` ranks its checkpoints.
      A step whose loss or gradient is no number is never taken: it ends the run, or
      is left out with --set runtime.on_nan=skip.

      Other methods than iapc have their published settings, whatever the profile, but
      for the number of steps.

      Settings of --config and --set, with their defaults, and in parentheses those of
      other profiles and methods:
      \(AdaptationSettings.explanation)
      """)

  @Option(
    help: ArgumentHelp(
      "The source network's weights: .pth, .safetensors, a TorchScript .pt, or a folder of save_pretrained.",
      valueName: "file"),
    completion: .weights)
  var weights: String?
  @OptionGroup var foreign: ForeignNetworkOptions
  @OptionGroup var target: ImageOptions
  @Option(help: ArgumentHelp("The run folder; it must be new.", valueName: "dir"), completion: .directory)
  var output: String?
  @Option(help: ArgumentHelp("Go on with a run that was stopped.", valueName: "run"), completion: .directory)
  var resume: String?
  @Flag(help: "Replace the run that is in the output folder.")
  var overwrite = false

  @Option(
    help: "recommended, paper or reference. (default: \(AdaptationSettings().profile.rawValue))",
    completion: .choices(of: AdaptationSettings.Profile.self))
  var profile: String?
  @Option(
    help:
      "The way to adapt: iapc, tent, ...; see `iapc help compare`. (default: \(AdaptationSettings().method.rawValue))",
    completion: .choices(of: AdaptationSettings.Method.self))
  var method: String?
  @Option(
    help: ArgumentHelp("The size images are brought to. (default: the first image's)", valueName: "WxH"))
  var size: String?
  @Option(help: ArgumentHelp("The size of training crops. (default: half of the size)", valueName: "WxH"))
  var crop: String?
  @Option(help: "Images a step. (default: \(AdaptationSettings.defaultText("data.batch_size")))")
  var batch: String?
  @Option(help: "Updates to run. (default: \(AdaptationSettings.defaultText("schedule.steps")))")
  var steps: String?
  @Option(
    help: """
      The body's learning rate after the warm-up; in units of each parameter where the optimizer is \
      adamw_rms, as recommended has it. (default: \(AdaptationSettings.defaultText("optimizer.learning_rate")))
      """)
  var learningRate: String?
  @Option(help: "auto, cpu, cuda or cuda:N.", completion: .devices)
  var device: String?
  @Option(help: "float32 or bfloat16.", completion: .choices(of: Precision.self))
  var precision: String?
  @Option(
    help: "The seed of every random choice. (default: \(AdaptationSettings.defaultText("runtime.seed")))")
  var seed: String?
  @Option(help: "Threads of the computation. (default: all cores)")
  var threads: String?
  @OptionGroup var sharing: ProcessOptions
  @Flag(
    inversion: .prefixedNo,
    help:
      "Let processes that share a batch normalise by the statistics of all of it. (default: \(AdaptationSettings.defaultText("batch_norm.sync")))"
  )
  var syncBatchnorm: Bool?
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions
  @Option(
    help: ArgumentHelp(
      "Also write each step's batch there, to compare with other programs.", valueName: "dir"),
    completion: .directory)
  var dumpBatches: String?

  func run() throws {
    Signals.watch()
    let peers = try sharing.join()
    let display = ProgressDisplay(quiet: !peers.isFirst)
    var settings: AdaptationSettings =
      try resume.map { path in
        try config.resumed(path, options: options + [("profile", profile)])
      } ?? fresh()
    if let peers { settings.device = try peers.device(settings.device) }
    let run = AdaptationRun(
      settings, cache: CacheFolder.ofThisProcess.path, command: CommandLine.arguments,
      observer: display.observer)
    run.batchDump = dumpBatches
    run.peers = peers
    let times = try run.run(resume == nil ? .new(overwrite: overwrite) : .resume)
    guard peers.isFirst else { return }
    let folder = RunFolder(settings.output)
    let seconds = String(format: "%.1f", times.seconds)
    let waited = String(format: "%.1f", times.waited)
    let shared = peers.map { ", \($0.costs(of: times.seconds))" } ?? ""
    let cost = "\(seconds) s of steps, \(waited) s waiting for data\(shared)"
    try report(folder, display.observer)
    let isScript = FileManager.default.fileExists(atPath: folder.adaptedScript)
    let isFolder = FileManager.default.fileExists(atPath: folder.adaptedFolder)
    EventLog.leave([
      "run": folder.path, "config": folder.config, "manifest": folder.manifest, "metrics": folder.metrics,
      "selection": folder.selection, "tensorboard": folder.tensorboard, "pth": folder.adaptedPth,
      "safetensors": folder.adaptedSafetensors, "script": folder.adaptedScript,
      "pretrained": folder.adaptedFolder, "guard": folder.verdict, "report": folder.report,
    ])
    let beside =
      isScript
      ? ".safetensors, and the module as adapted.pt"
      : isFolder ? ".safetensors, and for from_pretrained the folder adapted" : ".safetensors"
    print("adapted weights: \(folder.adaptedPth) (and \(beside), with report.html beside them); \(cost)")
  }

  private func report(_ folder: RunFolder, _ observer: RunObserver) throws {
    do { try RunReport(of: [folder.path], observer: observer).write(to: folder.report) } catch let stop
      as Interruption
    {
      throw Interruption(signal: stop.signal, resumable: folder.path)
    }
  }

  private var options: [(String, String?)] {
    [
      ("network.weights", weights), ("runtime.output", output),
      ("method.name", method), ("data.size", size), ("augmentation.crop", crop), ("data.batch_size", batch),
      ("schedule.steps", steps),
      ("optimizer.learning_rate", learningRate), ("runtime.device", device), ("runtime.precision", precision),
      ("runtime.seed", seed),
      ("runtime.threads", threads), ("batch_norm.sync", syncBatchnorm.map { $0 ? "on" : "off" }),
    ] + foreign.settings + target.settings
  }

  /// - Throws: where the weights, the images or the run folder are not named.
  private func fresh() throws -> AdaptationSettings {
    let settings: AdaptationSettings = try config.settings(profile: profile, options: options)
    for (name, isMissing) in [
      ("--weights", settings.weightsFile.isEmpty),
      ("--images", settings.target.isEmpty),
      ("--output", settings.output.isEmpty),
    ] where isMissing {
      throw ValidationError("Missing expected argument '\(name)'.")
    }
    return settings
  }
}
