// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

private let folder = Fixtures.shared?.appendingPathComponent("golden/espnetv2_s_2.0")
private let hasGolden = folder.map { FileManager.default.fileExists(atPath: $0.path) } ?? false

/// What the stored numbers of the published weights say.
private struct Expected: Decodable {
  let loss: Double
  let gradients: [String: Double?]
  let total: Double

  enum CodingKeys: String, CodingKey {
    case loss
    case gradients = "grad_norm"
    case total = "grad_norm_total"
  }
}

/// The largest difference over the largest magnitude.
private func distance(_ found: Tensor, _ expected: Tensor) -> Double {
  guard found.shape == expected.shape else { return .infinity }
  func largest(_ x: Tensor) -> Double {
    x.detached().contiguous().scalars(as: Float.self).reduce(0) { max($0, abs(Double($1))) }
  }
  return largest(found.detached() - expected) / largest(expected)
}

@Suite(
  "ESPNetv2 against the authors' weights",
  .enabled(if: hasGolden, "the shared golden numbers are not beside the repository"))
struct ESPNetv2GoldenTests {
  init() { Machine.threads = 2 }

  /// Every fifth row from the fifth, every fifth column from the first.
  private func sampled(_ logits: Tensor) -> Tensor {
    func every(_ start: Int, _ length: Int) -> Tensor {
      let places = stride(from: start, to: length, by: 5).map(Int64.init)
      return Tensor(places, shape: [places.count])
    }
    return logits.selecting(every(4, 160), along: 2).selecting(every(0, 256), along: 3)
  }

  @Test("logits, features, loss and gradients agree", arguments: [LayerForm.fused, .composed])
  func golden(_ form: LayerForm) throws {
    let folder = try #require(folder)
    func read(_ name: String) throws -> Checkpoint {
      try CheckpointFile.read(folder.appendingPathComponent(name).path)
    }
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
    let (inputs, outputs) = (try read("inputs.safetensors"), try read("outputs.safetensors"))
    let weights = folder.appendingPathComponent("../../weights/espnetv2_s_2.0_city_1024x512.pth").path
    let loaded = try NetworkFile.load(weights)
    let network = try #require(loaded.network as? ESPNetv2)
    #expect(network.description == .init(.two, outputs: 20) && network.normalisation == .imageNet)
    let images = Tensor(try #require(inputs["image"]))
    try withLayers(form) {
      let seen = withoutGradients { network(images, .evaluation) }
      #expect(distance(sampled(seen.logits), Tensor(try #require(outputs["logits_eval"]))) <= 1e-4)
      #expect(distance(seen.features, Tensor(try #require(outputs["features_eval"]))) <= 1e-4)

      let logits = network(images, .training).logits
      #expect(distance(sampled(logits), Tensor(try #require(outputs["logits_train"]))) <= 1e-4)
      let label = Tensor(try #require(inputs["label"])).to(.int64)
      let loss = logits.logSoftmax(1).negativeLogLikelihood(of: label, ignoring: 255).mean()
      #expect(abs(loss.detached().item / expected.loss - 1) <= 1e-4)
      loss.backward()
    }
    for entry in network.store.parameters {
      let found = entry.tensor.gradient?.norm().item
      guard let theirs = try #require(expected.gradients[entry.name]) else {
        #expect(found == nil, "\(entry.name)")
        continue
      }
      let off = abs(try #require(found, "\(entry.name)") - theirs)
      #expect(off <= 0.02 * theirs + 2e-4 * expected.total, "\(entry.name)")
    }
  }
}
