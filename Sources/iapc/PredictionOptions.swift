// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Imaging
import Segmentation

extension Interpolation: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// How images are put to a network for prediction.
struct PredictionOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "The way of predicting, by name; the options below replace parts of it. Known: "
        + EvaluationProtocol.known.map(\.name).joined(separator: ", ") + ".",
      valueName: "name"), completion: .protocols)
  var protocolName: String?

  @Option(help: ArgumentHelp("The network's input size. (default: each image's own)", valueName: "WxH"))
  var size: PixelSize?

  @Option(
    help: ArgumentHelp(
      "Factors of the size, between commas; the probabilities of several are summed.", valueName: "list"))
  var scales: String?

  @Flag(inversion: .prefixedNo, help: "Also sum the mirrored image's probabilities.")
  var mirror: Bool?

  @Option(help: "How images are resized: bicubic (Pillow's) or bilinear (OpenCV's).")
  var interpolation: Interpolation?

  @Flag(
    inversion: .prefixedNo, help: "Upsample scores with the corner pixels' centres on each other.")
  var alignCorners: Bool?

  @Option(
    help: ArgumentHelp(
      "Put the image to the network in windows of this size: memory for one at a time.", valueName: "WxH"))
  var tile: PixelSize?

  @Option(
    help: ArgumentHelp(
      "Pixels that neighbouring windows share, at least. (default: half the window's shorter side)",
      valueName: "pixels"))
  var overlap: Int?

  @Option(
    help:
      "What the network computes in: float32, or bfloat16 in half the time where there are instructions for it."
  )
  var precision: Precision?

  /// Whether none of these options was given.
  var isDefault: Bool {
    protocolName == nil && size == nil && scales == nil && mirror == nil && interpolation == nil
      && alignCorners == nil && tile == nil && overlap == nil && precision == nil
  }

  /// The protocol asked for, or else `fallback`, with the parts that the options replace.
  func resolved(by fallback: EvaluationProtocol = .full) throws -> EvaluationProtocol {
    let chosen = try protocolName.map(EvaluationProtocol.named) ?? fallback
    return chosen.replacing(\.size, with: size.map(Optional.some)) { "size \($0?.description ?? "own")" }
      .replacing(\.scales, with: try factors()) { "scales \($0.settingText)" }
      .replacing(\.mirror, with: mirror) { $0 ? "mirrored" : "not mirrored" }
      .replacing(\.interpolation, with: interpolation) { $0.rawValue }
      .replacing(\.alignCorners, with: alignCorners) { "align_corners \($0 ? "on" : "off")" }
      .replacing(\.tiling, with: try tiling(chosen.settings.tiling).map(Optional.some)) {
        $0.map { "tiles \($0.size) overlapping \($0.overlap)" } ?? "no tiles"
      }
      .replacing(\.precision, with: precision) { $0.rawValue }
  }

  private func factors() throws -> [Double]? {
    guard let scales else { return nil }
    guard let list = [Double](setting: scales), list.allSatisfy({ $0 > 0 && $0 <= 4 }) else {
      throw Problem(
        "cannot use the option --scales", at: scales,
        because: "expected factors above 0, at most 4, between commas", remedy: "write --scales 1,1.25,0.75")
    }
    return list
  }

  private func tiling(_ own: Tiling?) throws -> Tiling? {
    guard tile != nil || overlap != nil else { return nil }
    guard let size = tile ?? own?.size else {
      throw Problem(
        "cannot use the option --overlap", at: "\(overlap ?? 0)", because: "there are no windows to overlap",
        remedy: "give their size with --tile, or name a protocol that has them: tiled, hrda")
    }
    let tiling = Tiling(size: size, overlap: overlap ?? (tile == nil ? own?.overlap : nil))
    guard tiling.overlap >= 0, tiling.overlap < min(size.width, size.height) else {
      throw Problem(
        "cannot use the option --overlap", at: "\(tiling.overlap)",
        because: "expected 0 to \(min(size.width, size.height) - 1), for windows are \(size)",
        remedy: "give a smaller overlap or larger windows")
    }
    return tiling
  }
}
