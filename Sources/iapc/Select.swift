// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Torch

struct Select: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rank checkpoints without labels, and say which one to ship.",
    discussion: """
      Examples:
        iapc select runs/a --output best.pth
        iapc select runs/a runs/b --images new-city/ --size 640x480
        iapc select weights/*.pth --images new-city/ --json ranks.json
        iapc select runs/a --labels valannot/ --labelled-images val/ \\
          --label-space camvid11

      Candidates are the checkpoints of a run and its adapted weights, the weights of
      any other folder, or single files. Keep more of a run's checkpoints with
      `iapc adapt --set checkpoint.every=100 --set checkpoint.keep=100`. Each candidate is
      asked about the same images and pixels, which --seed chooses.

      Criteria:
      \(listed(Criterion.allCases.map { ($0.rawValue, $0.words) }))

      Rank: \(SelectionAggregate.words).
      A candidate is flagged where classes are gone that the source network saw, where
      the class shares drifted past --drift, or where half of its information is lost:
      no criterion of the rank can see a collapse by itself. Of a run that averages its
      student, averages over fewer steps are flagged unless every criterion puts them
      before the last: they predict sharper, which most criteria take for better.

      Criteria are hints, not measurements: where some labels exist, --labels shows
      beside each other what is selected, the last and the best (the oracle), and how
      well each criterion ranks.
      """)

  @Argument(help: "Runs, folders of weights, or weights.", completion: .file())
  var candidates: [String]
  @OptionGroup var network: ForeignNetworkOptions
  @OptionGroup var images: ImageOptions
  @OptionGroup var labels: LabelOptions
  @Option(
    help: ArgumentHelp(
      "The images that the labels belong to. (default: those that candidates are asked about)",
      valueName: "dir-or-list"), completion: .file())
  var labelledImages: String?
  @Option(
    help: ArgumentHelp(
      "The networks' input size. (default: the run's, or the first image's)", valueName: "WxH"))
  var size: PixelSize?
  @Option(help: "Images that candidates are asked about, at most.")
  var count = 100
  @Option(help: "Pixels of each of them, at most.")
  var pixels = 1000
  @Option(help: "The seed that chooses images and pixels.")
  var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp(
      "Normalisation statistics: stored, or target: estimated anew over the images first. "
        + "(default: as the run saves its adapted weights, or stored)", valueName: "kind"))
  var statistics: StatisticsChoice?
  @Option(
    help: ArgumentHelp(
      "The weights that candidates began from, to tell what is gone. "
        + "(default: those of the run, or the mean of all candidates)", valueName: "file"),
    completion: .weights)
  var source: String?
  @Option(help: ArgumentHelp("How far class shares may drift (KL, in nats).", valueName: "nats"))
  var drift = SelectionGuards().drift
  @Option(
    help: ArgumentHelp("Also write the selected weights there: .pth or .safetensors.", valueName: "file"),
    completion: .weights)
  var output: String?
  @Option(
    help: ArgumentHelp("Also write all numbers there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?
  @OptionGroup var machine: MachineOptions
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions

  enum StatisticsChoice: String, ExpressibleByArgument, CaseIterable { case stored, target }

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1.") }
    guard (2...100_000).contains(pixels) else { throw ValidationError("--pixels must be 2 to 100000.") }
    guard drift > 0 else { throw ValidationError("--drift must be above 0.") }
    guard labelledImages == nil || labels.labels != nil else {
      throw ValidationError("--labelled-images needs --labels <dir>.")
    }
  }

  func run() throws {
    Signals.watch()
    try checkOutputFile(json)
    try checkOutputFile(output)
    _ = try machine.apply()
    let found = try SelectionCandidate.find(at: candidates)
    let run = try found.lazy.compactMap(\.run).first.map(AdaptationSettings.init(ofRun:))
    let list = try imageList(run)
    let selector = Selector(
      found, settings(run), source: source, labels: try labelled(run), device: machine.device
    ) { try network.load($0, machine) }
    let report = try selector.run(on: list, ProgressDisplay().observer)
    SelectionTable.write(report)
    if let output {
      try selector.save(report.choices[0].selected, on: list, to: output)
      EventLog.leave(["weights": output])
      print("selected weights: \(output)")
    }
    if let json {
      try writeJSON(report, to: json)
      EventLog.leave(["json": json])
    }
  }

  private func settings(_ run: AdaptationSettings?) -> Selector.Settings {
    var settings = Selector.Settings()
    settings.size = size ?? run?.size
    (settings.images, settings.pixels, settings.seed) = (count, pixels, seed)
    settings.estimatesStatistics = statistics.map { $0 == .target } ?? (run?.finalStatistics == .target)
    settings.estimatesAdapted = statistics == .target
    settings.guards.drift = drift
    return settings
  }

  private func imageList(_ run: AdaptationSettings?) throws -> ImageList {
    if images.isEmpty, let run { return try run.target.imageList() }
    guard !images.isEmpty else { throw ValidationError("Missing expected argument '--images <dir-or-list>'") }
    return try images.list()
  }

  private func labelled(_ run: AdaptationSettings?) throws -> LabelledImages? {
    guard labels.labels != nil else { return nil }
    var source = images.source(labels)
    source.exifOrientation = images.exifOrientation ?? run?.target.exifOrientation ?? .apply
    if let labelledImages { (source.images, source.dataset) = (labelledImages, nil) }
    guard !source.isEmpty else {
      throw ValidationError("Missing expected argument '--labelled-images <dir-or-list>'")
    }
    let space = try network.classes.map(LabelSpace.named)
    return try source.labelled(defaultSpace: space ?? .cityscapes19).images
  }
}
