// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Streets
import Synchronization

struct DataStreets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "streets",
    abstract: "Draw labelled street scenes of a named domain.",
    discussion: """
      Examples:
        iapc data streets --domain dusk --count 200 --size 320x240 --output dusk
        iapc data streets --domain city --layout cityscapes --split val --output cs

      The same seed draws the same scenes. Layouts; all but the first are those in
      which a data set ships, and tell the 19 classes of Cityscapes:
        folders: images/NAME.png and labels/NAME.png, class indices in palette
          colours
        cityscapes: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png and
          gtFine/SPLIT/CITY/*_gtFine_labelIds.png; no labels in the split test
        gta5: images/00001.png and labels/00001.png, palette indices that are
          Cityscapes ids
        synthia: RGB/0000000.png and GT/LABELS/0000000.png of 16 bits: class id in
          red, instance in green
      Domains (those of the last two have all 19 classes):
      \(StreetDomain.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
      """)

  @Option(help: "\(StreetDomain.all.map(\.name).joined(separator: ", ")).", completion: .domains)
  var domain = "noon"
  @Option(help: "How many scenes.")
  var count = 100
  @Option(
    help: ArgumentHelp(
      "Their size. (default: \(StreetLayout.allCases.map { "\($0.rawValue) \($0.size)" }.joined(separator: ", ")))",
      valueName: "WxH"))
  var size: PixelSize?
  @Option(help: "The seed of the scenes.")
  var seed: UInt64 = 1
  @Option(help: "The classes of the labels. (default: camvid11 in folders, else cityscapes19)")
  var classes: StreetClasses?
  @Option(help: "How the files are laid out.")
  var layout = StreetLayout.folders
  @Option(help: "The part of the data set, in the layout cityscapes. (default: train)")
  var split: StreetSplit?
  @Option(
    help: ArgumentHelp("The folder; what is written in it must be new.", valueName: "dir"),
    completion: .directory)
  var output: String
  @Flag(help: "Write over scenes that are there already.")
  var overwrite = false
  @Flag(help: "Write images only.")
  var noLabels = false

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1, got \(count).") }
    guard count <= layout.mostScenes else {
      throw ValidationError(
        "--count must be at most \(layout.mostScenes) in \(layout.rawValue), got \(count).")
    }
    if let size, size.area > 1 << 24 {
      throw ValidationError("--size must be at most 16 million pixels, got \(size).")
    }
    if classes == .camvid11, layout != .folders {
      throw ValidationError("the layout \(layout.rawValue) holds ids of cityscapes19, not of camvid11.")
    }
    if split != nil, layout != .cityscapes {
      throw ValidationError("--split is for the layout cityscapes; \(layout.rawValue) has one part only.")
    }
  }

  func run() throws {
    Signals.watch()
    let domain = try StreetDomain.named(domain)
    let files = StreetFiles(
      layout: layout, classes: classes ?? (layout == .folders ? .camvid11 : .cityscapes19),
      domain: domain.name, split: split ?? .train, count: count, labelled: !noLabels)
    for folder in files.folders {
      try checkOutput(folder.isEmpty ? output : "\(output)/\(folder)", overwrite: overwrite)
    }
    try withResults(in: output, named: files.names) {
      for folder in files.leaves { try makeFolder("\(output)/\(folder)") }
      try drawAll(domain, files)
    }
    print("drew \(count) scenes of \(domain.name): \(output)")
  }

  private func drawAll(_ domain: StreetDomain, _ files: StreetFiles) throws {
    // Only one of the workers ever touches the display.
    nonisolated(unsafe) let display = ProgressDisplay()
    display.begin("streets", count)
    let state = Mutex<(next: Int, done: Int, error: (any Error)?)>((0, 0, nil))
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { worker in
      while let index = state.withLock({ s -> Int? in
        guard s.error == nil, s.next < count, Signals.current == nil else { return nil }
        s.next += 1
        return s.next - 1
      }) {
        do { try draw(domain, files, index) } catch { state.withLock { $0.error = error } }
        state.withLock { $0.done += 1 }
        if worker == 0 { display.advance(min(state.withLock { $0.done }, count - 1)) }
      }
    }
    if let error = state.withLock({ $0.error }) { throw error }
    if let signal = Signals.current { throw Interruption(signal: signal) }
    display.advance(count)
  }

  private func draw(_ domain: StreetDomain, _ files: StreetFiles, _ index: Int) throws {
    let scene = StreetScene.render(
      domain: domain, size: size ?? layout.size, seed: seed, index: files.scene(index), classes: files.classes
    )
    try scene.image.writePNG(to: "\(output)/\(files.image(index))", compression: 3)
    guard let label = files.label(index) else { return }
    try AtomicFile.write(files.labelBytes(scene), to: "\(output)/\(label)")
  }
}
