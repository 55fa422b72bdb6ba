// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Report
import Segmentation
import Torch

struct Compare: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run several methods on the same images, and put them into one table.",
    discussion: """
      Example:
        iapc compare --methods source-only,adabn,tent,iapc --seeds 1,2,3 \\
          --output runs/compared --labelled-images val/ --labels valannot/ \\
          --label-space camvid11 -- --weights espnet.pth --network espnet \\
          --images frames/ --size 640x480 --steps 400

      What stands after -- is what `iapc adapt` is given for every method: the same
      weights, images, sizes and steps, and no setting that only some of them have.
      Each method begins with its published settings for the rest. The output folder
      then holds a run folder for each method and seed, table.md, table.json and, of
      the first seed, report.html. Runs that are there are kept: start the command
      again to go on.

      Methods, with a form after a colon where they have some:
      \(listed(Contestant.known))

      Settings after + make a method of its own, so that parts can be left out:
        --methods iapc,iapc+method.class_mix=off,iapc+data.photometric_matching=own
      Of them, steps count in the place of --steps.

      Labels are for the table alone: no method sees one. `last` are the weights that
      the run ends with, `selected` those that label-free criteria choose among its
      checkpoints (see `iapc help select`). Each is scored with the normalisation
      statistics that it is used with, which the table names: the source's, those that
      the steps moved (running), the target images', or each image's own. `last` is
      what `iapc evaluate` gives for the run's adapted.safetensors.
      """)

  @Option(help: ArgumentHelp("The methods, between commas. (default: all)", valueName: "names"))
  var methods: String?
  @Option(help: ArgumentHelp("The seeds, between commas.", valueName: "numbers"))
  var seeds = "1"
  @Option(
    help: ArgumentHelp("The folder of the runs and the table.", valueName: "dir"), completion: .directory)
  var output: String
  @OptionGroup var labels: LabelOptions
  @Flag(help: "Go on where labelled images or labels have no partner.")
  var allowMissing = false
  @Option(
    help: ArgumentHelp("The images that the labels belong to.", valueName: "dir-or-list"),
    completion: .file())
  var labelledImages: String?
  @Option(help: "Images that label-free criteria look at, at most.")
  var count = 50
  @Option(help: "Checkpoints of a run that are chosen from.")
  var checkpoints = 4
  @OptionGroup var machine: MachineOptions
  @OptionGroup var events: EventOptions
  @Argument(parsing: .postTerminator, help: "What `iapc adapt` is given for every method.")
  var adapt: [String] = []

  func validate() throws {
    guard (labels.labels == nil) == (labelledImages == nil) else {
      throw ValidationError("--labelled-images and --labels belong together.")
    }
    guard count >= 1, checkpoints >= 1 else {
      throw ValidationError("--count and --checkpoints must be at least 1.")
    }
    guard !adapt.isEmpty else {
      throw ValidationError("Name the weights and images after --: -- --weights W --images DIR ...")
    }
    _ = try numbers()
  }

  func run() throws {
    Signals.watch()
    let contestants = try (methods ?? Contestant.known.map(\.name).joined(separator: ",")).split(
      separator: ","
    ).map {
      try Contestant(String($0).trimmingCharacters(in: .whitespaces))
    }
    _ = try machine.apply()
    let lock = try RunLock(output) { ProgressDisplay().note($0) }
    defer { lock.release() }
    var runs: [ComparisonRun] = []
    let seeds = try numbers()
    EventLog.begin("compare", seeds.count * contestants.count)
    for seed in seeds {
      for contestant in contestants {
        print("\(contestant.name), seed \(seed)")
        var run = try ComparisonRun.made(contestant, seed: seed, in: output, options(of: contestant))
        run.statistics = try statistics(of: run, contestant)
        run.score = try score(run, contestant)
        runs.append(run)
        try ComparisonTable(runs).write(to: output)
        EventLog.progress("compare", runs.count, of: seeds.count * contestants.count)
      }
    }
    print(ComparisonTable(runs).text)
    let first = runs.filter { $0.seed == runs[0].seed }.map(\.folder)
    try RunReport(of: first, observer: ProgressDisplay().observer).write(to: "\(output)/report.html")
    EventLog.leave(["table": "\(output)/table.json", "report": "\(output)/report.html"])
    print("the table: \(output)/table.md, and report.html beside it")
  }

  private func numbers() throws -> [UInt64] {
    try seeds.split(separator: ",").map { text in
      guard let number = UInt64(text.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("--seeds takes whole numbers between commas, as in 1,2,3.")
      }
      return number
    }
  }

  /// What every run is given: checkpoints to choose from, and what stands after `--`.
  private func options(of contestant: Contestant) -> [String] {
    var (steps, adapt) = (contestant.steps, adapt.flatMap(Self.apart))
    if let place = adapt.firstIndex(of: "--steps"), place + 1 < adapt.count {
      if contestant.hasOwnSteps {
        adapt.removeSubrange(place...place + 1)
      } else {
        steps = Int(adapt[place + 1]) ?? steps
      }
    }
    return [
      "--set", "checkpoint.every=\(max(1, (steps + checkpoints - 1) / checkpoints))",
      "--set", "checkpoint.keep=\(checkpoints)",
    ] + adapt
  }

  /// `--steps=N` as two words.
  private static func apart(_ word: String) -> [String] {
    word.hasPrefix("--steps=") ? ["--steps", String(word.dropFirst("--steps=".count))] : [word]
  }

  private func score(_ run: ComparisonRun, _ contestant: Contestant) throws -> ComparisonRun.Score {
    let kept = "\(run.folder)/score.json"
    if let data = FileManager.default.contents(atPath: kept),
      let score = try? JSONDecoder.snakeCase.decode(ComparisonRun.Score.self, from: data)
    {
      return score
    }
    guard labels.labels != nil else { return ComparisonRun.Score() }
    let settings = try AdaptationSettings(ofRun: RunFolder(run.folder))
    let data = try labelled(settings.target.exifOrientation)
    let score =
      contestant.judgedPerImage
      ? try perImage(run, settings, data) : try selected(run, settings, data)
    try writeJSON(score, to: kept)
    return score
  }

  /// Which normalisation statistics the network has that is scored; nil where it has none.
  private func statistics(of run: ComparisonRun, _ contestant: Contestant) throws -> String? {
    guard try load(RunFolder(run.folder).adaptedSafetensors).network.hasBatchStatistics else { return nil }
    if contestant.judgedPerImage { return "each image's" }
    return try AdaptationSettings(ofRun: RunFolder(run.folder)).statisticsWord
  }

  private func labelled(_ exif: ExifOrientation) throws -> LabelledImages {
    let source = DataSource(
      dataset: nil, data: nil, split: nil, images: labelledImages, labels: labels.labels,
      labelSpace: labels.labelSpace, allowMissing: allowMissing, exifOrientation: exif)
    return try source.labelled(defaultSpace: .cityscapes19).images
  }

  private func perImage(
    _ run: ComparisonRun, _ settings: AdaptationSettings, _ data: LabelledImages
  ) throws -> ComparisonRun.Score {
    let loaded = try load(RunFolder(run.folder).adaptedSafetensors)
    let predictor = Predictor(
      loaded.network, PredictionSettings(size: settings.size, mode: .batchStatistics))
    let evaluation = try Evaluator(predictor, classes: loaded.classes, data: data).run { _ in
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
    if let why = evaluation.whyUnscored { ProgressDisplay().note(why) }
    let found = evaluation.meanIoU
    return ComparisonRun.Score(last: found, selected: found, oracle: found)
  }

  private func selected(
    _ run: ComparisonRun, _ settings: AdaptationSettings, _ data: LabelledImages
  ) throws -> ComparisonRun.Score {
    var asked = Selector.Settings()
    (asked.size, asked.images) = (settings.size, count)
    // A method without steps ends with the statistics that it is about.
    asked.estimatesStatistics = settings.finalStatistics == .target && settings.steps > 0
    let selector = Selector(
      try SelectionCandidate.find(at: [run.folder]), asked, source: nil, labels: data,
      device: machine.device, load: load)
    let choice = try selector.run(on: settings.target.imageList(), ProgressDisplay().observer).choices[0]
    return ComparisonRun.Score(
      last: choice.lastMIoU, selected: choice.selectedMIoU, oracle: choice.oracleMIoU)
  }

  private func load(_ path: String) throws -> LoadedNetwork {
    try NetworkFile.load(path, device: Device.named(machine.device))
  }
}
