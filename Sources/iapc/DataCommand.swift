// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Streets
import Synchronization

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make data sets.",
    discussion: """
      Example:
        iapc data streets --domain dusk --count 200 --output dusk
      """,
    subcommands: [DataStreets.self])
}

struct DataStreets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "streets",
    abstract: "Draw labelled street scenes of a named domain.",
    discussion: """
      Example:
        iapc data streets --domain dusk --count 200 --size 320x240 --output dusk

      Writes dusk/images/NAME.png and dusk/labels/NAME.png (camvid11 classes;
      palette colours to look at). The same seed draws the same scenes. Domains:
      \(StreetDomain.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
      """)

  @Option(help: "\(StreetDomain.all.map(\.name).joined(separator: ", ")).")
  var domain = "noon"
  @Option(help: "How many scenes.")
  var count = 100
  @Option(help: ArgumentHelp("Their size.", valueName: "WxH"))
  var size = PixelSize(width: 320, height: 240)
  @Option(help: "The seed of the scenes.")
  var seed: UInt64 = 1
  @Option(help: ArgumentHelp("The folder; it must be new or empty.", valueName: "dir"))
  var output: String
  @Flag(help: "Write over scenes that are there already.")
  var overwrite = false
  @Flag(help: "Write images only.")
  var noLabels = false

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1, got \(count).") }
    guard size.area <= 1 << 24 else {
      throw ValidationError("--size must be at most 16 million pixels, got \(size).")
    }
  }

  func run() throws {
    Signals.watch()
    let domain = try StreetDomain.named(domain)
    try checkOutput(output, overwrite: overwrite)
    let kinds = noLabels ? ["images"] : ["images", "labels"]
    let files = (0..<count).flatMap { index in kinds.map { "\($0)/\(name(domain, index)).png" } }
    try withResults(in: output, named: files) {
      for kind in kinds { try makeFolder("\(output)/\(kind)") }
      try drawAll(domain)
    }
    print("drew \(count) scenes of \(domain.name): \(output)")
  }

  private func name(_ domain: StreetDomain, _ index: Int) -> String {
    "\(domain.name)_\(String(format: "%05d", index))"
  }

  private func drawAll(_ domain: StreetDomain) throws {
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
        do { try draw(domain, index) } catch { state.withLock { $0.error = error } }
        state.withLock { $0.done += 1 }
        if worker == 0 { display.advance(min(state.withLock { $0.done }, count - 1)) }
      }
    }
    if let error = state.withLock({ $0.error }) { throw error }
    if let signal = Signals.current { throw Interruption(signal: signal) }
    display.advance(count)
  }

  private func draw(_ domain: StreetDomain, _ index: Int) throws {
    let scene = StreetScene.render(domain: domain, size: size, seed: seed, index: index)
    let name = name(domain, index)
    try scene.image.writePNG(to: "\(output)/images/\(name).png", compression: 3)
    if noLabels { return }
    try scene.labels.writePNG(
      to: "\(output)/labels/\(name).png", palette: LabelSpace.camvid11.palette, compression: 6)
  }
}
