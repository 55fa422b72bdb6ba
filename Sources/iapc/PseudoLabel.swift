// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation
import Segmentation

struct PseudoLabel: SharedCommand, EventCommand {
  static let configuration = CommandConfiguration(
    commandName: "pseudo-label",
    abstract: "Label images by summing over scales and mirroring, with confidences.",
    discussion: """
      Example:
        iapc pseudo-label --weights source.pth --network espnet \\
          --images frames/ --size 640x480 --output pseudo

      Writes pseudo/labels/NAME.png (class indices, at the image's size) and
      pseudo/confidence/NAME.png (mean probability of the winning class; 255 is
      certain). By default at the scales 1, 1.25 and 0.75, each plain and mirrored,
      as the paper does. `iapc adapt` makes its own; this command is for looking and
      for other programs.
      """)

  @OptionGroup var network: NetworkOptions
  @OptionGroup var images: ImageOptions
  @Option(
    help: ArgumentHelp("The folder for the results; it must be new or empty.", valueName: "dir"),
    completion: .directory)
  var output: String
  @Flag(help: "Write over results that are there already.")
  var overwrite = false
  @OptionGroup var prediction: PredictionOptions
  @OptionGroup var machine: MachineOptions
  @OptionGroup var sharing: ProcessOptions
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions

  func run() throws {
    Signals.watch()
    let peers = try sharing.join()
    let list = try images.list()
    let loaded = try network.load(machine.shared(peers))
    loaded.network.store.seal()
    let labeler = PseudoLabeler(loaded, try prediction.resolved(by: .pseudoLabels).settings)
    try labeler.check()
    let isWriter = peers.isFirst
    if isWriter { try checkOutput(output, overwrite: overwrite) }
    try list.checkImages(shouldStop: { Signals.current != nil })
    try peers?.checkAgreement([("weights", loaded.sha256), ("images", list.listing)])
    let display = ProgressDisplay(quiet: !isWriter)
    display.begin("pseudo-label", list.count)
    let files = list.entries.flatMap { entry in ["labels", "confidence"].map { "\($0)/\(entry.name).png" } }
    func label(to folder: String?) throws {
      try labeler.write(list, to: folder, confidence: "\(output)/confidence", peers: peers) { count in
        display.advance(count)
        if let signal = Signals.current { throw Interruption(signal: signal) }
      }
      try peers?.finish()
    }
    guard isWriter else { return try label(to: nil) }
    try withResults(in: output, named: files) { try label(to: "\(output)/labels") }
    EventLog.leave(["output": output])
    print("labelled \(list.count) images: \(output)")
  }
}
