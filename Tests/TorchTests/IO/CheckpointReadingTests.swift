// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Reading checkpoints")
struct CheckpointReadingTests {
  typealias Fixtures = CheckpointFixtures

  @Test("a state dict is read with every value, in order", arguments: ["zip", "legacy"])
  func plain(kind: String) throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("plain.\(kind).pth"))
    expectSame(checkpoint.tensors, Fixtures.plain)
    #expect(checkpoint.format == (kind == "zip" ? .zip : .legacyPickle))
    #expect(checkpoint.wrapper == nil)
    #expect(checkpoint.others.isEmpty)
    #expect(checkpoint.metadata.isEmpty)
  }

  @Test("every element type is read", arguments: ["zip.pth", "legacy.pth", "safetensors"])
  func types(kind: String) throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("dtypes.\(kind)"))
    let found = checkpoint.tensors.sorted { $0.name < $1.name }
    expectSame(found, Fixtures.everyType.sorted { $0.name < $1.name })
  }

  @Test("views of storages are gathered into row-major order", arguments: ["zip", "legacy"])
  func views(kind: String) throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("views.\(kind).pth"))
    let shared = Fixtures.expected([5, 4], seed: 2)
    let first = Array(Fixtures.expected([1], seed: 5).bytes)
    let expanded = [[UInt8]](repeating: first, count: 12).flatMap { $0 }
    expectSame(
      checkpoint.tensors,
      [
        ("transposed", Fixtures.expected([6, 4], seed: 1)),
        ("every_second", Fixtures.expected([6, 4], seed: 1)),
        ("expanded", StoredTensor(dtype: .float32, shape: [3, 4], bytes: expanded)),
        ("shared", shared), ("shared_again", shared),
        ("shared_tail", StoredTensor(dtype: .float32, shape: [3, 4], bytes: Array(shared.bytes[32...]))),
        ("channels_last", Fixtures.expected([2, 3, 4, 5], seed: 4)),
        ("scalar", Fixtures.expected([], seed: 6)),
        ("empty", StoredTensor(dtype: .float32, shape: [0, 3], bytes: [])),
        ("parameter", Fixtures.expected([3, 2], seed: 7)),
      ])
  }

  @Test(
    "weights inside a training checkpoint are found",
    arguments: ["wrapped.zip.pth", "wrapped.legacy.pth", "wrapped.protocol4.pth"])
  func wrapped(name: String) throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path(name))
    #expect(checkpoint.wrapper == "state_dict")
    #expect(checkpoint.others == ["epoch", "optimizer", "best_MIou", "arch"])
    #expect(checkpoint.metadata == ["epoch": "12", "best_MIou": "0.5", "arch": "toy"])
    #expect(checkpoint.tensors.count == 7)
    #expect(checkpoint["0.weight"] == Fixtures.expected([4, 3, 2, 2], seed: 0))
    #expect(checkpoint["1.running_var"] == Fixtures.expected([4], seed: 5))
    #expect(checkpoint["1.num_batches_tracked"] == Fixtures.expected([], seed: 6, .int64))
  }

  @Test("weights two levels down are found")
  func nested() throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("nested.zip.pth"))
    #expect(checkpoint.wrapper == "ResNet101.model_state")
    #expect(checkpoint.others == ["ResNet101.optimizer_state", "iters"])
    #expect(checkpoint.metadata == ["iters": "7"])
    #expect(checkpoint.tensors.count == 7)
  }

  @Test("of two sets of weights the known one is taken, or the one asked for")
  func two() throws {
    let known = try CheckpointFile.read(Fixtures.path("two.zip.pth"))
    #expect(known.wrapper == "model")
    #expect(known.others == ["ema"])
    let asked = try CheckpointFile.read(Fixtures.path("two.zip.pth"), entry: "ema")
    #expect(asked.wrapper == "ema")
    #expect(asked.others == ["model"])
    expectSame(asked.tensors, Fixtures.plain)
  }

  @Test("two sets of unknown names are refused by their names")
  func ambiguous() throws {
    let problem = try refusal("ambiguous.zip.pth")
    #expect(problem.why == "it holds several sets of weights: left, right")
    let right = try CheckpointFile.read(Fixtures.path("ambiguous.zip.pth"), entry: "right")
    expectSame(right.tensors, Fixtures.plain)
    let wrong = #expect(throws: Problem.self) {
      try CheckpointFile.read(Fixtures.path("ambiguous.zip.pth"), entry: "middle")
    }
    #expect(wrong?.remedy == "choose one of: left, right")
  }

  @Test("a network saved in two halves is joined under their names")
  func halves() throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("halves.zip.pth"))
    let expected = ["feature_extractor.", "classifier."].flatMap { prefix in
      Fixtures.plain.map { (name: prefix + $0.name, tensor: $0.tensor) }
    }
    expectSame(checkpoint.tensors, expected)
    #expect(checkpoint.others == ["iteration"])
  }

  @Test("prefixes of wrappers are taken off and told")
  func prefixes() throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("prefixed.zip.pth"))
    expectSame(checkpoint.tensors, Fixtures.plain)
    #expect(checkpoint.wrapper == "prefix module., prefix _orig_mod.")
  }

  @Test("numpy numbers beside the weights are read as numbers", arguments: ["zip", "legacy"])
  func numpy(kind: String) throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("numpy.\(kind).pth"))
    expectSame(checkpoint.tensors, Fixtures.plain)
    #expect(checkpoint.metadata == ["best": "0.25", "count": "-3"])
  }

  @Test("safetensors are read with their metadata")
  func safetensors() throws {
    let checkpoint = try CheckpointFile.read(Fixtures.path("plain.safetensors"))
    expectSame(
      checkpoint.tensors.sorted { $0.name < $1.name }, Fixtures.plain.sorted { $0.name < $1.name })
    #expect(checkpoint.metadata == ["note": "a \"quoted\" text", "epoch": "12"])
    #expect(checkpoint.format == .safetensors)
    let small = try CheckpointFile.read(Fixtures.path("small.safetensors"))
    #expect(small["scalar"] == Fixtures.expected([], seed: 6))
    #expect(small["empty"] == StoredTensor(dtype: .float32, shape: [0, 3], bytes: []))
  }

  private static let espnet =
    TestSupport.Fixtures.shared?
    .appendingPathComponent("weights/espnet_p_2_q_3.pth").path ?? ""

  // The published file is not part of the repository.
  @Test(
    "the published ESPNet weights are read",
    .enabled(if: FileManager.default.fileExists(atPath: espnet), "needs ../shared"))
  func published() throws {
    let checkpoint = try CheckpointFile.read(Self.espnet)
    #expect(checkpoint.format == .legacyPickle)
    #expect(checkpoint["encoder.level1.conv.weight"]?.shape == [16, 3, 3, 3])
    #expect(checkpoint.tensors.allSatisfy { !$0.name.hasPrefix("module.") })
    let weights = try #require(checkpoint["encoder.level1.conv.weight"]).bytes.withUnsafeBytes {
      $0.bindMemory(to: Float.self).map { $0 }
    }
    #expect(weights.allSatisfy { $0.isFinite && abs($0) < 10 } && weights.contains { $0 != 0 })
  }

  private func refusal(_ name: String) throws -> Problem {
    try #require(#expect(throws: Problem.self) { try CheckpointFile.read(Fixtures.path(name)) })
  }
}
