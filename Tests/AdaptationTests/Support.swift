// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Torch

/// Files shared between projects, beside the repository; tests that need them skip without.
enum Shared {
  static let golden = Fixtures.shared?.appendingPathComponent("golden/espnet_step").path ?? ""
  static let weights = Fixtures.shared?.appendingPathComponent("weights/espnet_p_2_q_3.pth").path ?? ""
  static var hasGolden: Bool {
    FileManager.default.fileExists(atPath: golden) && FileManager.default.fileExists(atPath: weights)
  }
}

/// The tiny network of the golden fixtures: p = 1, q = 1, 6 classes.
func smallNetwork() throws -> ESPNet {
  let network = ESPNet(.init(p: 1, q: 1, outputs: 6), classCount: 6)
  let weights = try CheckpointFile.read(Fixtures.path("golden_small/weights.safetensors"))
  let report = network.store.load(weights.tensors)
  guard report.isExact else { fatalError("the fixture does not fit: \(report.summary)") }
  return network
}

/// The cases of a file of loss fixtures: the tensors of each situation under their short names.
func cases(_ term: String) throws -> [String: [String: Tensor]] {
  var cases: [String: [String: Tensor]] = [:]
  for (name, tensor) in try Fixtures.tensors("losses/\(term).safetensors") {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    cases[parts[0], default: [:]][parts[1]] = Tensor(tensor)
  }
  return cases
}

/// The value of a function and its gradient with respect to `input`.
func differentiated(_ input: Tensor, _ function: (Tensor) -> Tensor) -> (value: Tensor, gradient: Tensor) {
  let leaf = input.copy()
  leaf.requiresGradient = true
  let value = function(leaf)
  value.backward()
  return (value.detached().reshaped(1), leaf.gradient ?? Tensor.zeros(input.shape))
}

/// Settings in which the weights are as given and everything else is the released code's.
func objective(
  importance: Double = 0, enhanced: Double = 0, symmetric: Double = 0, entropy: Double = 0,
  _ change: (inout IAPCSettings) -> Void = { _ in }
) -> IAPCObjective {
  var settings = IAPCSettings()
  settings.weights.importance = importance
  settings.weights.enhanced = enhanced
  settings.weights.symmetric = symmetric
  settings.weights.entropy = entropy
  change(&settings)
  return IAPCObjective(settings: settings)
}

/// The problem that a body ends with; nil where it ends well.
func problem(_ body: () throws -> Void) -> Problem? {
  do { try body() } catch { return error as? Problem }
  return nil
}

/// A picture of coloured stripes, another for each seed.
func picture(_ width: Int, _ height: Int, seed: UInt64) -> RGBImage {
  var generator = SeededGenerator(seed: seed)
  var image = RGBImage(size: PixelSize(width: width, height: height))
  let tint = (0..<3).map { _ in Int(generator.next() % 200) }
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<3 {
        image.pixels[3 * (y * width + x) + c] = UInt8((tint[c] + (c + 2) * x + (5 - c) * (y / 3)) % 256)
      }
    }
  }
  return image
}
