// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// What PyTorch said of formula-filled networks, by their scale; `Reference/espnetv2_fixtures.py` writes it.
private struct Case: Decodable {
  struct Summary: Decodable {
    let norm: Double
    let values: [Double]
  }

  struct Entry: Decodable, Equatable {
    let name: String
    let shape: [Int]

    init(_ name: String, _ shape: [Int]) { (self.name, self.shape) = (name, shape) }

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      name = try container.decode(String.self)
      shape = try container.decode([Int].self)
    }
  }

  let outputs, width, height: Int
  let logits, features, trained: Summary
  let gradients: [String: Double?]
  let entries: [Entry]?

  static func of(_ size: ESPNetv2.Description.Size) throws -> Case {
    let file = URL(fileURLWithPath: Fixtures.path("espnetv2.json"))
    let all = try JSONDecoder().decode([String: Case].self, from: Data(contentsOf: file))
    return try #require(all[size.rawValue])
  }

  func network(_ size: ESPNetv2.Description.Size) -> ESPNetv2 {
    let network = ESPNetv2(.init(size, outputs: outputs), classCount: outputs)
    _ = network.store.load(formula(network.store))
    return network
  }

  var images: Tensor { formulaImages(width: width, height: height) * (1 / 60) }

  /// Two images, the second mirrored.
  var batch: Tensor { .concatenated([images, images.flipped(along: 3)], along: 0) }
}

/// Whether values agree to a share of their root mean square.
private func agrees(_ found: Tensor, _ expected: Case.Summary, within share: Double = 1e-4) -> Bool {
  let values = found.detached().contiguous().scalars(as: Float.self).map(Double.init)
  let scale = expected.norm / Double(values.count).squareRoot()
  let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  let places = stride(from: 0, to: values.count, by: max(1, values.count / 7))
  return abs(norm / expected.norm - 1) < share
    && zip(places, expected.values).allSatisfy { abs(values[$0] - $1) < share * 10 * scale }
}

@Suite("ESPNetv2")
struct ESPNetv2Tests {
  init() { Machine.threads = 2 }

  private static let sizes = ESPNetv2.Description.Size.allCases
  private static let half = ESPNetv2.Description(.half, outputs: 5)

  @Test("logits, features and gradients are PyTorch's at every size", arguments: sizes)
  func pytorch(_ size: ESPNetv2.Description.Size) throws {
    let expected = try Case.of(size)
    for form in [LayerForm.fused, .composed] {
      let network = expected.network(size)
      try withLayers(form) {
        let seen = withoutGradients { network(expected.images, .evaluation) }
        #expect(seen.features.shape == [1, 48, expected.height / 8, expected.width / 8])
        #expect(agrees(seen.logits, expected.logits))
        #expect(agrees(seen.features, expected.features))

        let logits = network(expected.batch, .training).logits
        #expect(agrees(logits, expected.trained, within: 1e-3))
        let probe = (0..<logits.elementCount).map { Float(sin(0.3 * Double($0))) }
        (logits * Tensor(probe, shape: logits.shape)).sum().backward()
        try check(network, expected)
      }
    }
  }

  /// Holds gradients' norms against those of PyTorch, which rounding moves where it carries a value over a kink.
  private func check(_ network: ESPNetv2, _ expected: Case) throws {
    #expect(Set(network.store.parameters.map(\.name)) == Set(expected.gradients.keys))
    let total = expected.gradients.values.reduce(0) { $0 + ($1 ?? 0) * ($1 ?? 0) }.squareRoot()
    var unused: [String] = []
    for entry in network.store.parameters {
      guard let theirs = try #require(expected.gradients[entry.name]) else {
        unused.append(entry.name)
        #expect(entry.tensor.gradient == nil, "\(entry.name)")
        continue
      }
      let mine = try #require(entry.tensor.gradient, "\(entry.name)").norm().item
      #expect(abs(mine - theirs) < 0.02 * theirs + 2e-4 * total, "\(entry.name): \(mine), expected \(theirs)")
    }
    #expect(unused == (2...4).map { "base_net.level\($0)_0.eesp.module_act.weight" })
  }

  @Test("names, shapes and their order are those of the published files, read off a checkpoint")
  func entries() throws {
    let network = ESPNetv2(Self.half, classCount: 5)
    #expect(
      network.store.state.map { Case.Entry($0.name, $0.tensor.shape) } == (try Case.of(.half)).entries)
    #expect(network.store.entries.count == 526 && network.store.trainable.count == 325)
    for (size, count) in zip(Self.sizes, [80_342, 234_010, 468_362, 789_242]) {
      let description = ESPNetv2.Description(size, outputs: 20)
      let network = ESPNetv2(description, classCount: 19)
      #expect(network.store.parameterCount == count, "\(size)")
      #expect(ESPNetv2.Description(Checkpoint(tensors: network.store.state)) == description)
    }
  }

  @Test("files without counters of batches are read and written without them")
  func counters() throws {
    let network = ESPNetv2(Self.half, classCount: 4, seed: 2)
    let plain = network.store.state.filter { !$0.name.hasSuffix("num_batches_tracked") }
    let description = try #require(ESPNetv2.Description(Checkpoint(tensors: plain)))
    #expect(!description.counters)
    let other = ESPNetv2(description, classCount: 4)
    #expect(other.store.load(plain).isExact)
    #expect(network.store["base_net.level1.bn.num_batches_tracked"] != nil)
  }

  @Test("shapes of no published size are no ESPNetv2")
  func foreign() {
    let state = ESPNetv2(Self.half, classCount: 5).store.state
    for name in ["base_net.level4_0.act.weight", "bu_dec_l4.merge_layer.3.bias"] {
      let cut = state.map { entry in
        (name: entry.name, tensor: entry.name == name ? Tensor.zeros([1]).stored : entry.tensor)
      }
      #expect(ESPNetv2.Description(Checkpoint(tensors: cut)) == nil)
    }
  }

  @Test("drops a void output, whose weights stay, and runs at its smallest size")
  func void() {
    let whole = ESPNetv2(Self.half, classCount: 5, seed: 1)
    let cut = ESPNetv2(Self.half, classCount: 4, seed: 1)
    withoutGradients {
      for images in [TensorGenerator(seed: 4).normal([1, 3, 16, 16]), .zeros([2, 3, 48, 16])] {
        let (mine, all) = (cut(images, .evaluation), whole(images, .evaluation).logits)
        #expect(mine.logits.shape == [images.shape[0], 4, images.shape[2], 16] && all.isFinite)
        assertClose(mine.logits, all.slice(0..<4, along: 1), relative: 0, absolute: 0)
      }
    }
  }

  @Test("tells the classifier and the normalisation from the body")
  func groups() {
    let network = ESPNetv2(Self.half, classCount: 4)
    let names = network.store.parameters.map(\.name)
    #expect(
      names.filter(network.isHead) == ["bu_dec_l4.merge_layer.3.weight", "bu_dec_l4.merge_layer.3.bias"])
    #expect(names.filter(network.isNormalisation).count == 2 * 67)
  }

  @Test("a copy predicts the same and learns by itself, a sealed one too, and bfloat16 is near")
  func copies() {
    let network = ESPNetv2(Self.half, classCount: 5, seed: 3)
    let images = TensorGenerator(seed: 4).normal([2, 3, 32, 48])
    withoutGradients {
      for _ in 0..<3 { _ = network(images, .training) }
      let before = network(images, .evaluation).logits
      let (twin, sealed) = (network.copy(), network.sealedCopy())
      for _ in 0..<2 { assertClose(sealed(images, .evaluation).logits, before.stored) }
      _ = twin(images, .training)
      assertClose(network(images, .evaluation).logits, before.stored, relative: 0, absolute: 0)
      let scale = before.norm().item / Double(before.elementCount).squareRoot()
      let half = network(images, .evaluation, in: .bfloat16).logits
      assertClose(half, before.stored, relative: 0.05, absolute: 0.1 * scale)
    }
    let half = network(images, .training, in: .bfloat16).logits
    half.sum().backward()
    #expect(network.store.parameters.allSatisfy { $0.tensor.gradient?.isFinite ?? true })
  }

  @Test("statistics that are hardly above nothing are estimated, averaged and folded without a trace of NaN")
  func subnormal() throws {
    // A run in a test before this one may have left the thread with subnormal numbers as zero.
    Machine.flushDenormals(false)
    let network = ESPNetv2(Self.half, classCount: 5, seed: 3)
    let dead = "base_net.level3_0.inp_reinf.1.bn"
    let tensors = network.store.state.map { entry in
      let isDead = entry.name == "\(dead).running_var"
      return (entry.name, isDead ? Tensor.full(4e-42, entry.tensor.shape).stored : entry.tensor)
    }
    #expect(network.store.load(tensors).isExact)
    #expect(try #require(network.store["\(dead).running_var"]).tensor.scalars(as: Float.self)[0] > 0)
    let images = TensorGenerator(seed: 4).normal([2, 3, 32, 32])
    withoutGradients {
      #expect(network(images, .evaluation).logits.isFinite)
      #expect(network.sealedCopy()(images, .evaluation).logits.isFinite)
      let twin = network.copy()
      _ = twin(images, .estimating(share: 1))
      network.store.moveStatistics(toward: twin.store.statistics, share: 0.5)
      #expect(network(images, .evaluation).logits.isFinite)
    }
    #expect(network.store.entries.allSatisfy { $0.tensor.isFinite })
  }
}
