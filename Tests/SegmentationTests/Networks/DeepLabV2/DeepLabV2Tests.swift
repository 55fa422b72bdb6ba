// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// What the independent PyTorch networks of `Reference/deeplabv2_fixtures.py` predict, one case a variant.
private struct Case: Decodable {
  struct Variant: Decodable {
    let branches, width: Int
    let stride, dilation, norm, stem: String
    let ceil, auxiliary: Bool
    let eps: Double
  }

  struct Summary: Decodable {
    let sum, norm: Double
    let values: [Double]
  }

  let backbone: String
  let outputs: Int
  let variant: Variant
  let shape: [Int]
  let logits, features: Summary
  let auxiliary: Summary?

  static func all() throws -> [String: Case] {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("deeplabv2.json")))
    return try JSONDecoder().decode([String: Case].self, from: data)
  }

  func description() throws -> DeepLabV2.Description {
    typealias D = DeepLabV2.Description
    var d = D(try #require(D.Backbone(rawValue: backbone)), outputs: outputs)
    d.width = variant.width
    d.branches = variant.branches
    d.stride = try #require(D.StrideSite(rawValue: variant.stride))
    d.ceil = variant.ceil
    d.contracted = variant.dilation == "contracted"
    d.norm = try #require(D.Norm(rawValue: variant.norm))
    d.epsilon = variant.eps
    d.stem = try #require(D.Stem(rawValue: variant.stem))
    d.auxiliary = variant.auxiliary
    return d
  }
}

/// Expects the sum, the norm and a few values of a tensor, to 1e-4 of its norm.
private func expect(
  _ found: Tensor, _ expected: Case.Summary, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  let numbers = values(found.stored)
  let step = max(1, numbers.count / 7)
  let kept = stride(from: 0, to: numbers.count, by: step).map { numbers[$0] }
  let size = expected.norm / Double(numbers.count).squareRoot()
  let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
  #expect(abs(norm / expected.norm - 1) < 1e-4, "norm of \(name)", sourceLocation: sourceLocation)
  let off = abs(numbers.reduce(0, +) - expected.sum) / expected.norm
  #expect(off < 1e-4 * Double(numbers.count).squareRoot(), "sum of \(name)", sourceLocation: sourceLocation)
  #expect(kept.count == expected.values.count, "size of \(name)", sourceLocation: sourceLocation)
  for (x, y) in zip(kept, expected.values) {
    #expect(abs(x - y) < 1e-4 * max(abs(y), size), "\(name)", sourceLocation: sourceLocation)
  }
}

@Suite("DeepLabV2")
struct DeepLabV2Tests {
  init() { Machine.threads = 1 }

  @Test("predicts what PyTorch does in every variant")
  func variants() throws {
    let cases = try Case.all()
    #expect(cases.count == 12)
    for (name, item) in cases.sorted(by: { $0.key < $1.key }) {
      let network = DeepLabV2(try item.description())
      #expect(network.store.load(formula(network.store)).isExact)
      let seen = withoutGradients { network(formulaImages(width: 64, height: 32), .evaluation) }
      #expect(seen.logits.shape == item.shape, "\(name)")
      expect(seen.logits, item.logits, "\(name): logits")
      expect(seen.features, item.features, "\(name): features")
      let extra = withoutGradients { network.auxiliaryLogits(of: seen) }
      #expect((extra != nil) == (item.auxiliary != nil), "\(name)")
      if let extra, let expected = item.auxiliary { expect(extra, expected, "\(name): auxiliary") }
    }
  }

  /// The smallest ResNet of a change.
  private func narrow(_ change: (inout DeepLabV2.Description) -> Void = { _ in }) -> DeepLabV2 {
    var d = DeepLabV2.Description(.resnet50, outputs: 5)
    d.width = 4
    change(&d)
    return DeepLabV2(d, seed: 1)
  }

  @Test("a pooling that keeps its last window makes 65x33 of 512x256 and 129x65 of 1024x512")
  func sizes() {
    for (ceil, width, height) in [(true, 65, 33), (false, 64, 32)] {
      let network = narrow { $0.ceil = ceil }
      withoutGradients {
        let seen = network(.zeros([1, 3, 256, 512]), .evaluation)
        #expect(seen.logits.shape == [1, 5, height, width])
        #expect(seen.features.shape == [1, 64, height, width])
        let large = network(.zeros([1, 3, 512, 1024]), .evaluation).logits
        #expect(large.shape == [1, 5, 2 * height - (ceil ? 1 : 0), 2 * width - (ceil ? 1 : 0)])
      }
    }
  }

  @Test("tells classifiers and normalisation from the body, the auxiliary head included")
  func groups() {
    let network = narrow { $0.auxiliary = true }
    let names = network.store.parameters.map(\.name)
    #expect(names.filter(network.isHead).count == 16)
    #expect(names.filter(network.isHead).allSatisfy { $0.hasPrefix("layer5.") || $0.hasPrefix("layer6.") })
    let means = network.store.buffers.filter { $0.name.hasSuffix(".running_mean") }.count
    #expect(means == 53 && names.filter(network.isNormalisation).count == 2 * means)
    network.freezeNormalisation()
    #expect(network.store.trainable.count == 53 + 16)
    let vgg = DeepLabV2(.init(.vgg16, outputs: 5))
    #expect(vgg.store.parameters.map(\.name).filter(vgg.isHead).count == 8)
    #expect(!vgg.store.parameters.map(\.name).contains(where: vgg.isNormalisation))
  }

  @Test("frozen normalisation is buffers alone, and training leaves it as it is")
  func frozen() {
    let network = narrow { ($0.norm, $0.epsilon) = (.frozen, 0) }
    #expect(network.store.parameters.count == 53 + 8)
    #expect(!network.store.entries.contains { $0.name.hasSuffix("num_batches_tracked") })
    let before = network.store.state
    let images = TensorGenerator(seed: 4).normal([2, 3, 32, 32])
    withoutGradients {
      let seen = network(images, .training).logits
      assertClose(seen, network(images, .evaluation).logits, relative: 0, absolute: 0)
    }
    #expect(zip(before, network.store.state).allSatisfy { $0 == $1 })
  }

  @Test("counts the batches that enter its statistics")
  func counters() {
    let network = narrow()
    let images = TensorGenerator(seed: 4).normal([2, 3, 32, 32])
    withoutGradients {
      for mode in [Mode.training, .evaluation, .batchStatistics, .estimating(share: 0.5), .training] {
        _ = network(images, mode)
      }
    }
    let counters = network.store.entries.filter { $0.name.hasSuffix(".num_batches_tracked") }
    #expect(counters.count == 53 && counters.allSatisfy { $0.tensor.dtype == .int64 && $0.tensor.item == 3 })
    #expect(network.copy().store["bn1.num_batches_tracked"]?.tensor.item == 3)
    let uncounted = narrow { $0.counters = false }
    #expect(uncounted.store.entries.count == network.store.entries.count - 53)
  }
}
