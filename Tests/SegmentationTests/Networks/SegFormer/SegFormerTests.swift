// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// What others' code said of weights drawn by name; `Reference/segformer_fixtures.py` writes it.
private struct Case: Decodable {
  struct Entry: Decodable {
    let name: String
    let shape: [Int]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      name = try container.decode(String.self)
      shape = try container.decode([Int].self)
    }
  }

  struct Summary: Decodable {
    let sum, norm: Double
    let values: [Double]
  }

  let entries: [Entry]
  let shape: [Int]
  let logits: Summary
  let gradients: [String: Double]

  static let all = Result {
    let file = URL(fileURLWithPath: Fixtures.path("segformer.json"))
    return try JSONDecoder().decode([String: Case].self, from: Data(contentsOf: file))
  }

  static func named(_ name: String) throws -> Case { try #require(all.get()[name]) }

  /// An entry as the fixtures' script draws it.
  private func drawn(_ entry: Entry) -> StoredTensor {
    let seed = entry.name.utf8.reduce(UInt64(0)) { (31 * $0 + UInt64($1)) % (1 << 31) }
    let values = TensorGenerator(seed: seed).normal(entry.shape)
    if entry.shape.count > 1 {
      return (values / Double(entry.shape.dropFirst().reduce(1, *)).squareRoot()).stored
    }
    if entry.name.hasSuffix("running_var") { return (1 + 0.25 * (values * values).squareRoot()).stored }
    return (0.1 * values + (entry.name.hasSuffix(".weight") ? 1 : 0)).stored
  }

  /// The file that such weights lie in.
  func write(to path: String) throws {
    let tensors = entries.map { entry in
      let isCounter = entry.name.hasSuffix("num_batches_tracked")
      return (entry.name, isCounter ? Tensor([0 as Int64], shape: []).stored : drawn(entry))
    }
    try CheckpointFile.write(Checkpoint(tensors: tensors), to: path)
  }
}

@Suite("SegFormer")
struct SegFormerTests {
  init() { Machine.threads = 2 }

  private static let cases = [
    "huggingface-b0", "huggingface-b2", "transformers5-b0", "mmseg-b0", "nvlabs-b0",
  ]

  /// A label space of the cases' five classes.
  private func classes(in folder: TestSupport.ScratchFolder) throws -> String {
    let text = "name: five\nsplits: {train: {images: frames}}\nclasses: [a, b, c, d, e]\n"
    return try folder.file("five.yaml", Array(text.utf8))
  }

  private func load(_ name: String, in folder: TestSupport.ScratchFolder, variant: String? = nil) throws
    -> LoadedNetwork
  {
    let path = folder.path("\(name).safetensors")
    try Case.named(name).write(to: path)
    return try NetworkFile.load(path, classes: classes(in: folder), variant: variant)
  }

  @Test("logits and gradients are those of the code that the weights come from", arguments: cases)
  func others(_ name: String) throws {
    try withTemporaryFolder { folder in
      let (loaded, expected) = (try load(name, in: folder), try Case.named(name))
      let network = try #require(loaded.network as? SegFormer)
      #expect(network.name == "segformer-\(name.suffix(2))" && loaded.notes.isEmpty)
      let logits = network(formulaImages(width: 96, height: 64) * (1 / 60), .evaluation).logits
      #expect(logits.shape == expected.shape)
      let scale = expected.logits.norm / Double(logits.elementCount).squareRoot()
      let found = logits.detached().scalars(as: Float.self).map(Double.init)
      let norm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm / expected.logits.norm - 1) < 1e-6)
      let step = max(1, found.count / 7)
      for (mine, theirs) in zip(stride(from: 0, to: found.count, by: step), expected.logits.values) {
        #expect(abs(found[mine] - theirs) < 1e-4 * scale)
      }
      let probe = (0..<found.count).map { Float(sin(0.3 * Double($0))) }
      (logits * Tensor(probe, shape: logits.shape)).sum().backward()
      try check(network, expected, SegFormerDialect(rawValue: loaded.form?.dialect ?? ""))
    }
  }

  /// Holds gradients' norms against those of the file's entries, packed ones together.
  private func check(_ network: SegFormer, _ expected: Case, _ dialect: SegFormerDialect?) throws {
    let dialect = try #require(dialect)
    var squares: [String: Double] = [:]
    for entry in network.store.parameters {
      let norm = try #require(entry.tensor.gradient, "\(entry.name)").norm().item
      squares[dialect.fileName(of: entry.name), default: 0] += norm * norm
    }
    #expect(Set(squares.keys) == Set(expected.gradients.keys))
    let largest = expected.gradients.values.max() ?? 0
    for (name, theirs) in expected.gradients {
      // What keys are shifted by has no gradient but rounding.
      let mine = (squares[name] ?? 0).squareRoot()
      let isClose = abs(mine - theirs) < 1e-3 * theirs + 1e-8 * largest
      #expect(isClose, "\(name): \(mine), expected \(theirs), largest \(largest)")
    }
  }

  @Test("weights are written under the names that they came with, byte for byte", arguments: cases)
  func roundTrip(_ name: String) throws {
    try withTemporaryFolder { folder in
      let loaded = try load(name, in: folder)
      let written = NetworkFile.checkpoint(of: loaded.network, classes: loaded.classes, form: loaded.form)
      let read = try CheckpointFile.read(folder.path("\(name).safetensors"))
      // mmseg's head of the authors' code is no part of the network.
      #expect(Set(written.tensors.map(\.name)) == Set(read.tensors.map(\.name)))
      for entry in read.tensors { #expect(written[entry.name] == entry.tensor, "\(entry.name)") }
    }
  }

  @Test(
    "the same weights under other names give the same logits", arguments: SegFormerDialect.allCases)
  func dialects(_ dialect: SegFormerDialect) throws {
    try withTemporaryFolder { folder in
      let loaded = try load("huggingface-b0", in: folder)
      let source = try CheckpointFile.read(folder.path("huggingface-b0.safetensors"))
      let translated = try NetworkFile.translate(source, to: dialect.rawValue).checkpoint
      let path = folder.path("other.safetensors")
      try CheckpointFile.write(translated, to: path)
      let other = try NetworkFile.load(path, classes: classes(in: folder))
      #expect(other.form?.dialect == dialect.rawValue)
      #expect(other.network.variantText == "norms=huggingface")
      let images = formulaImages(width: 64, height: 32) * (1 / 60)
      let (mine, theirs) = withoutGradients {
        (loaded.network(images, .evaluation).logits, other.network(images, .evaluation).logits)
      }
      #expect(mine.stored == theirs.stored)
    }
  }

  @Test("what weights do not show is said: the authors' epsilon gives other logits than that of transformers")
  func variant() throws {
    try withTemporaryFolder { folder in
      let plain = try load("nvlabs-b0", in: folder)
      let other = try load("nvlabs-b0", in: folder, variant: "norms=huggingface")
      #expect(plain.network.variantText == "norms=nvlabs" && other.network.variantText == "norms=huggingface")
      for (text, word) in [("norms=caffe", "norms"), ("branches=2", "branches"), ("advent", "advent")] {
        let found = problem { _ = try load("nvlabs-b0", in: folder, variant: text) }
        #expect(found.map { "\($0)".contains(word) } == true, "\(text)")
      }
    }
  }

  @Test("every size is made with the paper's number of parameters, and its copy predicts the same")
  func sizes() throws {
    // Encoder and head together for 19 classes: those of the paper's table 1.
    let millions: [SegFormer.Description.Size: Double] = [.b0: 3.7, .b1: 13.7, .b2: 27.4, .b3: 47.2]
    for (size, expected) in millions {
      let network = SegFormer(.init(size, outputs: 19), seed: 1)
      #expect(abs(Double(network.store.parameterCount) / 1e6 - expected) < 0.1, "\(size)")
      guard size == .b0 else { continue }
      let images = formulaImages(width: 64, height: 64) * (1 / 60)
      let twin = network.copy()
      withoutGradients {
        #expect(network(images, .evaluation).logits.stored == twin(images, .evaluation).logits.stored)
        let half = network(images, .evaluation, in: .bfloat16).logits
        assertClose(half, network(images, .evaluation).logits.stored, relative: 0.2, absolute: 0.05)
      }
    }
  }

  @Test("the head learns by itself, and normalisation is told apart")
  func groups() {
    let network = SegFormer(.init(.b0, outputs: 5))
    #expect(network.isHead("decode_head.linear_c.0.proj.weight"))
    #expect(!network.isHead("segformer.encoder.layer_norm.0.weight"))
    let norms = network.store.parameters.map(\.name).filter(network.isNormalisation)
    #expect(norms.count == 2 * (4 + 4 + 8 * 2 + 6 + 1))
    #expect(norms.allSatisfy { network.store[$0]?.tensor.shape.count == 1 })
  }
}
