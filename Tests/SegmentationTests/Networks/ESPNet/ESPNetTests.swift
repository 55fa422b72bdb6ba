// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// The published Cityscapes weights, shared between projects and too large for this repository.
let publishedWeights = Fixtures.shared?.appendingPathComponent("weights/espnet_p_2_q_3.pth").path ?? ""
let hasPublishedWeights = FileManager.default.fileExists(atPath: publishedWeights)

/// The weights of the adaptation tests' tiny network: p = 1, q = 1, 6 classes.
func smallCheckpoint() throws -> Checkpoint {
  let path = Fixtures.path("golden_small/weights.safetensors")
    .replacing("SegmentationTests/Fixtures", with: "AdaptationTests/Fixtures")
  return try CheckpointFile.read(path)
}

/// Names and shapes of a checkpoint's entries, sorted, without counters of batches.
private func outline(_ tensors: [(name: String, tensor: StoredTensor)]) -> [String] {
  tensors.filter { !$0.name.hasSuffix("num_batches_tracked") }.map { "\($0.name) \($0.tensor.shape)" }
    .sorted()
}

@Suite("ESPNet")
struct ESPNetTests {
  init() { Machine.threads = 1 }

  private let tiny = ESPNet(.init(p: 1, q: 1, outputs: 6), classCount: 6)

  @Test(
    "has the names and shapes of the published weights",
    .enabled(if: hasPublishedWeights, "the shared weights are not beside the repository"))
  func published() throws {
    let checkpoint = try CheckpointFile.read(publishedWeights)
    let description = try #require(ESPNet.Description(checkpoint))
    #expect(description == .init(p: 2, q: 3, outputs: 20, skip: 16))
    let network = ESPNet(description, classCount: 19)
    #expect(outline(network.store.state) == outline(checkpoint.tensors))
    #expect(
      network.store.parameters.map(\.name).filter(network.isHead) == [
        "encoder.classifier.conv.weight", "classifier.weight",
      ])
  }

  @Test("has the names and shapes of the reference's weights, read off a checkpoint")
  func small() throws {
    let checkpoint = try smallCheckpoint()
    let description = try #require(ESPNet.Description(checkpoint))
    #expect(description == .init(p: 1, q: 1, outputs: 6, skip: 16))
    #expect(outline(ESPNet(description, classCount: 6).store.state) == outline(checkpoint.tensors))
  }

  @Test(
    "builds and runs in every variant",
    arguments: [(0, 0, 16), (1, 2, 19), (2, 8, 16), (3, 1, 16), (5, 5, 19)] as [(Int, Int, Int)])
  func variants(_ p: Int, _ q: Int, _ skip: Int) throws {
    let network = ESPNet(.init(p: p, q: q, outputs: 5, skip: skip), classCount: 4, seed: 3)
    let seen = withoutGradients { network(.zeros([2, 3, 16, 24]), .evaluation) }
    #expect(seen.logits.shape == [2, 4, 16, 24])
    #expect(seen.features.shape == [2, 256, 2, 3])
    #expect(seen.logits.isFinite)
    let read = try #require(ESPNet.Description(Checkpoint(tensors: network.store.state)))
    #expect(read == network.description)
    #expect(network.variant == "p = \(p), q = \(q), 5 outputs, skip of \(skip) channels")
  }

  @Test("reads its decoder's skip from where the variant says")
  func skip() {
    let (stem, joined) = (
      ESPNet(.init(p: 1, q: 1, outputs: 6), classCount: 6),
      ESPNet(.init(p: 1, q: 1, outputs: 6, skip: 19), classCount: 6)
    )
    #expect(stem.store["conv.conv.weight"]?.tensor.shape == [6, 22, 3, 3])
    #expect(joined.store["conv.conv.weight"]?.tensor.shape == [6, 25, 3, 3])
  }

  @Test("drops a void output, whose weights stay")
  func void() {
    let images = TensorGenerator(seed: 4).normal([1, 3, 16, 16])
    let whole = ESPNet(.init(p: 1, q: 1, outputs: 6), classCount: 6, seed: 1)
    let cut = ESPNet(.init(p: 1, q: 1, outputs: 6), classCount: 5, seed: 1)
    withoutGradients {
      assertClose(
        cut(images, .evaluation).logits, whole(images, .evaluation).logits.slice(0..<5, along: 1),
        relative: 0,
        absolute: 0)
    }
    #expect(outline(cut.store.state) == outline(whole.store.state))
  }

  @Test("tells the classifier and the normalisation from the body")
  func groups() {
    let names = tiny.store.parameters.map(\.name)
    #expect(names.filter(tiny.isHead).sorted() == ["classifier.weight", "encoder.classifier.conv.weight"])
    let scales = names.filter(tiny.isNormalisation)
    // Every running mean stands beside one weight and one bias, and nothing else is a normalisation's.
    let means = tiny.store.buffers.map(\.name).filter { $0.hasSuffix(".running_mean") }
    #expect(means.count > 10)
    var expected: Set<String> = []
    for mean in means {
      for kind in ["weight", "bias"] { expected.insert(mean.replacing("running_mean", with: kind)) }
    }
    #expect(Set(scales) == expected)

    tiny.freezeNormalisation()
    let groups = tiny.parameterGroups(headScale: 10, bodyUpdates: 3)
    #expect(groups.map(\.name) == ["body", "head"])
    #expect(groups.map(\.learningRateScale) == [1, 10] && groups.map(\.updates) == [3, 1])
    #expect(
      groups[1].parameters.map(\.name).sorted() == ["classifier.weight", "encoder.classifier.conv.weight"])
    #expect(groups[0].parameters.count + 2 + scales.count == names.count)
    #expect(groups[0].parameters.allSatisfy { !scales.contains($0.name) })
  }

  @Test("copies have the state and not the tensors")
  func copied() {
    let twin = tiny.copy()
    #expect(zip(twin.store.state, tiny.store.state).allSatisfy { $0 == $1 })
    let images = TensorGenerator(seed: 4).normal([1, 3, 16, 16])
    let before = tiny.store.state
    withoutGradients { _ = twin(images, .training) }
    #expect(zip(before, tiny.store.state).allSatisfy { $0 == $1 })
    #expect(zip(twin.store.state, tiny.store.state).contains { $0 != $1 })
  }

  @Test("moves its statistics in training alone, with the share asked for when estimating")
  func modes() {
    let images = TensorGenerator(seed: 4).normal([2, 3, 16, 16])
    func mean(after mode: Mode) -> Tensor {
      let twin = tiny.copy()
      withoutGradients { _ = twin(images, mode) }
      return twin.store["encoder.level1.bn.running_mean"]!.tensor
    }
    let fresh = tiny.store["encoder.level1.bn.running_mean"]!.tensor
    assertClose(mean(after: .evaluation), fresh, relative: 0, absolute: 0)
    assertClose(mean(after: .batchStatistics), fresh, relative: 0, absolute: 0)
    // From zeros, training takes over a tenth of the batch's mean and a first estimate all of it.
    let whole = mean(after: .estimating(share: 1))
    #expect(whole.norm().item > 0.01)
    assertClose(mean(after: .training), whole * 0.1)
  }
}
