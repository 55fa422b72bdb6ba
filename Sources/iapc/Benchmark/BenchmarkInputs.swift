// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Streets
import Torch

/// A network to be timed: from a file, or with weights drawn from a seed.
struct TimedNetworkOptions: ParsableArguments {
  @Option(
    help: "The network's family. (default: as the weights say, or deeplabv2-resnet101)", completion: .families
  )
  var network: String?
  @Option(
    help: ArgumentHelp("Its weights, .pth or .safetensors. (default: drawn from a seed)", valueName: "file"),
    completion: .weights)
  var weights: String?
  @Option(help: "What it predicts. (default: as the weights say, or cityscapes19)", completion: .labelSpaces)
  var classes: String?
  @Option(help: "What it computes in: float32 or bfloat16.")
  var precision = Precision.float32

  func load(on device: Device) throws -> LoadedNetwork {
    if let weights {
      return try NetworkFile.load(weights, family: network, classes: classes, device: device)
    }
    let family = try NetworkFamily.named(network ?? "deeplabv2-resnet101")
    let space = try LabelSpace.named(classes ?? "cityscapes19")
    let fresh = try family.fresh(
      BuildRequest(classCount: space.count, normalisation: family.normalisation, device: device, seed: 1))
    return LoadedNetwork(network: fresh, classes: space, file: "", sha256: "")
  }
}

/// Street scenes of the 19 classes of Cityscapes, drawn from a seed.
struct TimedScenes {
  let size: PixelSize
  let count: Int

  func scene(_ index: Int) -> StreetScene {
    StreetScene.render(
      domain: StreetDomain.all[0], size: size, seed: 1, index: index, classes: .cityscapes19)
  }

  /// Runs a body with a folder of images/NAME.png and labels/NAME.png, which is removed afterwards.
  func withFiles<Result>(_ body: (_ images: String, _ labels: String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "iapc-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (images, labels) = ("\(folder)/images", "\(folder)/labels")
    for path in [images, labels] { try makeFolder(path) }
    let display = ProgressDisplay()
    display.begin("streets", count)
    for index in 0..<count {
      let (scene, name) = (scene(index), "\(sixDigits(index)).png")
      try scene.image.writePNG(to: "\(images)/\(name)", compression: 3)
      try scene.labels.writePNG(to: "\(labels)/\(name)", palette: nil)
      display.advance(index + 1)
    }
    return try body(images, labels)
  }
}

/// Numbers as a table of two columns.
func printTable(_ rows: [(name: String, value: String)]) {
  let width = rows.map(\.name.count).max() ?? 0
  for row in rows { print(row.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + row.value) }
}

/// The parts of a time, the longest first, as rows of a table.
func breakdownRows(_ parts: [String: Double]) -> [(name: String, value: String)] {
  let whole = parts.values.reduce(0, +)
  return parts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { name, seconds in
    ("  \(name)", String(format: "%9.1f ms  %4.1f%%", seconds * 1000, 100 * seconds / whole))
  }
}

func mebibytes(_ bytes: Int) -> String { "\(bytes / 1_048_576) MiB" }
