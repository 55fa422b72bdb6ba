// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Streets
import Torch

struct StepBenchmark: SharedCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time adaptation steps on one batch of drawn street scenes.",
    discussion: """
      Example:
        iapc benchmark step --network espnet --crop 320x240 --batch 4 --json s.json

      The network is the family's with weights drawn from a seed, unless --weights
      are given. --dump writes weights and batch for other programs. With
      --processes the batch is shared, and what that costs is told.
      """)

  @OptionGroup var network: TimedNetworkOptions
  @Option(help: "The crops' size.")
  var crop = PixelSize(width: 512, height: 256)
  @Option(help: "Crops a step, of all processes.")
  var batch = 2
  @Option(help: "Steps to time, after a first one.")
  var steps = 3
  @Option(help: "recommended, paper or reference.", completion: .choices(of: AdaptationSettings.Profile.self))
  var profile = "recommended"
  @Option(
    help:
      "The body's learning rate; the classifier's is head_lr_mult times it. (default: the profile's)"
  )
  var learningRate: String?
  @OptionGroup var machine: MachineOptions
  @OptionGroup var sharing: ProcessOptions
  @OptionGroup var config: ConfigOptions
  @Option(
    help: ArgumentHelp("Write weights.pth and step_000001.safetensors there.", valueName: "dir"),
    completion: .directory)
  var dump: String?
  @Option(
    help: ArgumentHelp("Also write the numbers there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws {
    guard batch >= 1, steps >= 1 else { throw ValidationError("--batch and --steps must be at least 1.") }
  }

  func run() throws {
    try checkOutputFile(json)
    let peers = try sharing.join()
    let settings: AdaptationSettings = try config.settings(
      profile: profile,
      options: [("optimizer.learning_rate", learningRate), ("runtime.precision", network.precision.rawValue)])
    let loaded = try network.load(on: machine.shared(peers).apply())
    let multiple = loaded.network.sizeMultiple
    guard crop.width % multiple == 0, crop.height % multiple == 0 else {
      throw Problem(
        "cannot use the crop", at: "--crop \(crop)",
        because: "\(loaded.network.name) takes multiples of \(multiple)", remedy: "give such a size")
    }
    try loaded.network.checkLeast(crop, "--crop")
    try loaded.network.checkStatistics(of: crop, count: batch, at: "--crop \(crop), --batch \(batch)")
    try agree(peers, loaded, settings)
    let batch = drawnBatch(for: loaded.network, peers?.part(of: batch) ?? 0..<batch)
    if let dump, peers.isFirst {
      try makeFolder(dump)
      try batch.write(to: "\(dump)/step_000001.safetensors")
      try NetworkFile.save(
        loaded.network, classes: loaded.classes, form: loaded.form, to: "\(dump)/weights.pth")
    }
    let timing = StepTiming(settings)
    let display = ProgressDisplay(quiet: !peers.isFirst)
    display.begin("steps", steps + 1)
    let result = try timing.run(loaded.network, batch, count: steps, peers: peers) { index, _ in
      display.advance(index + 1)
    }
    guard peers.isFirst else { return }
    tell(result)
    if let json { try writeJSON(result, to: json) }
  }

  /// Scenes as all three views, the student's inverted; labels are the scenes' own in the place of pseudo-labels.
  private func drawnBatch(for network: any Segmenter, _ part: Range<Int>) -> TargetBatch {
    let scenes = TimedScenes(size: crop, count: batch)
    let drawn = part.map(scenes.scene)
    let images = network.input(drawn.map(\.image))
    let labels = drawn.map { scene in
      LabelMap(
        size: crop,
        pixels: scene.labels.pixels.map { $0 < network.classCount ? $0 : LabelMap.ignored })
    }
    return TargetBatch(
      images: images, scaled: images, augmented: network.input(drawn.map { $0.image.applying(.invert) }),
      pseudoLabels: Adaptation.labels(labels).to(network.store.device))
  }

  private func agree(_ peers: Peers?, _ loaded: LoadedNetwork, _ settings: AdaptationSettings) throws {
    try peers?.checkShares(ofBatch: batch)
    var facts: [(name: String, value: String)] = [
      ("network", loaded.network.name), ("weights", loaded.sha256), ("crop", "\(crop)"),
      ("batch", "\(batch)"), ("number of steps", "\(steps)"),
    ]
    for setting in AdaptationSettings.table.values(of: settings) {
      facts.append(("setting \(setting.name)", setting.value))
    }
    try peers?.checkAgreement(facts)
  }

  private func tell(_ result: StepTiming.Result) {
    let spread = result.secondsPerStep
    printTable(
      [
        (
          "seconds a step",
          String(
            format: "%.3f (%.3f to %.3f; the first %.3f)", spread.median, spread.min, spread.max,
            result.firstStep)
        )
      ] + breakdownRows(result.breakdown) + exchangeRows(result.exchange) + arithmeticRows(result) + [
        ("peak memory", mebibytes(result.peakResidentBytes)),
        ("precision", "\(result.precision), \(result.threads) threads"),
      ])
  }

  /// What the convolutions and products came to; nothing where they were not counted.
  private func arithmeticRows(_ result: StepTiming.Result) -> [(name: String, value: String)] {
    guard let operations = result.operationsPerStep, let rate = result.gigaflops else { return [] }
    return [
      (
        "arithmetic",
        String(
          format: "%.2f GFLOP a step, %.1f GFLOP/s; a large matrix product reaches %.0f",
          Double(operations) / 1e9,
          rate, result.peakGigaflops)
      )
    ]
  }

  private func exchangeRows(_ exchange: StepTiming.Exchange?) -> [(name: String, value: String)] {
    exchange.map {
      [
        (
          "exchange",
          String(
            format: "%d processes: %.0f messages, %.2f MB a step; %.1f ms waiting, %.0f %% of the step",
            $0.processes, $0.messages, $0.bytes / 1e6, 1000 * $0.seconds, 100 * $0.share)
        )
      ]
    } ?? []
  }
}
