// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// A Python with torch and safetensors; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Runs `Reference/script_modules.py`, which has to end well.
private func modules(_ arguments: String...) throws {
  let script = Fixtures.repository.appendingPathComponent("Reference/script_modules.py").path
  let process = Process()
  process.executableURL = URL(fileURLWithPath: try #require(python))
  process.arguments = [script] + arguments
  let errors = Pipe()
  (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
  try process.run()
  let complaint = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(String(decoding: complaint, as: UTF8.self))")
}

/// The files of all tests, written once.
private struct Sample: Sendable {
  let folder: TestSupport.ScratchFolder

  private static let scratch = Result { try TestSupport.ScratchFolder() }

  static let made: Result<Sample, any Error> = Result {
    let sample = Sample(folder: try scratch.get())
    // Static values are never released, so the folder is removed at the end.
    atexit {
      if case .success(let folder) = Sample.scratch { try? FileManager.default.removeItem(at: folder.url) }
    }
    for job in ["modes", "odd"] { try modules(job, sample.folder.url.path) }
    return sample
  }
}

@Suite(
  "TorchScript modules", .serialized, .enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch"))
struct ScriptedNetworkTests {
  private let folder: TestSupport.ScratchFolder
  private static let kinds = ["scripted", "traced", "training"]

  init() throws {
    Machine.threads = 1
    folder = try Sample.made.get().folder
  }

  private func load(_ name: String, variant: String? = nil) throws -> LoadedNetwork {
    try NetworkFile.load(folder.path(name), classes: "camvid11", variant: variant)
  }

  private func problem(_ name: String, family: String? = nil, variant: String? = nil) -> String {
    let found = #expect(throws: Problem.self) {
      try NetworkFile.load(folder.path(name), family: family, classes: "camvid11", variant: variant)
    }
    return found.map(\.description) ?? ""
  }

  private func logits(_ network: any Segmenter, _ images: Tensor, _ mode: Mode) -> Tensor {
    withoutGradients { network(images, mode).logits }
  }

  // MARK: Modes

  @Test(
    "scripted, traced and traced in training alike follow the mode as PyTorch's module does", arguments: kinds
  )
  func modes(kind: String) throws {
    let expected = try CheckpointFile.read(folder.path("modes.safetensors"))
    func tensor(_ name: String) throws -> Tensor { Tensor(try #require(expected[name])) }
    let network = try load("modes.\(kind).pt").network
    let images = try tensor("images")
    let before = network.store.state
    #expect(try relativeError(logits(network, images, .evaluation), tensor("evaluation")) < 1e-5)
    #expect(try relativeError(logits(network, images, .batchStatistics), tensor("training")) < 1e-5)
    #expect(zip(network.store.state, before).allSatisfy { $0.tensor == $1.tensor }, "nothing moves")
    #expect(try relativeError(logits(network, images, .training), tensor("training")) < 1e-5)
    for entry in network.store.buffers {
      let after = try tensor("buffer.\(entry.name)").to(.float32)
      #expect(relativeError(entry.tensor.to(.float32), after) < 1e-5, "\(entry.name)")
    }
    _ = logits(network, images, .estimating(share: 1))
    let mean = try #require(network.store["backbone.0.1.running_mean"]?.tensor)
    let one = try #require(network.store["backbone.0.1.num_batches_tracked"]?.tensor)
    #expect(one.item == 2)
    let first = try tensor("buffer.backbone.0.1.running_mean")
    let start = try #require(before.first { $0.name == "backbone.0.1.running_mean" }?.tensor)
    // Of a share of 1/10 from zero, as the layer's own momentum has it.
    #expect(relativeError(mean * 0.1 + Tensor(start) * 0.9, first) < 1e-5)
  }

  @Test(
    "dropout follows the mode, and draws what images and weights decide", arguments: ["scripted", "traced"])
  func dropout(kind: String) throws {
    let network = try load("dropout.\(kind).pt").network
    let images = formulaImages(width: 65, height: 33)
    let (kept, twin) = (network.copy(), network.copy())
    #expect(relativeError(logits(kept, images, .batchStatistics), logits(kept, images, .training)) > 0.01)
    #expect(relativeError(logits(network, images, .training), logits(twin, images, .training)) == 0)
    #expect(
      relativeError(logits(network, images * 1.0001, .training), logits(twin, images, .training)) > 0.01)
  }

  @Test("bfloat16 is close to float32 and comes out as float32")
  func half() throws {
    let network = try load("modes.traced.pt").network
    let images = formulaImages(width: 65, height: 33)
    let exact = logits(network, images, .evaluation)
    let half = withoutGradients { network(images, .evaluation, in: .bfloat16).logits }
    #expect(half.dtype == .float32)
    let error = relativeError(half, exact)
    #expect(error > 0 && error < 0.05)
  }

  // MARK: What a module is found to have

  @Test("head, features, normalisations and sizes are found")
  func found() throws {
    let loaded = try load("whole.pt")
    let network = loaded.network
    #expect(network.name == "torchscript" && network.sizeMultiple == 4 && network.outputStride == 1)
    #expect(network.normalisation == .imageNet && network.hasBatchStatistics)
    #expect(network.store.parameters.map(\.name).filter(network.isHead) == ["head.weight", "head.bias"])
    let norms = network.store.parameters.map(\.name).filter(network.isNormalisation)
    #expect(norms.count == 10 && norms.contains("first.1.weight") && norms.contains("merge1.1.bias"))
    #expect(loaded.notes.contains { $0.contains("the input of head.weight") })
    let images = formulaImages(width: 32, height: 16)
    #expect(withoutGradients { network(images, .evaluation).features.shape } == [1, 8, 16, 32])

    let named = try load("whole.pt", variant: "features=third,head=merge1+head").network
    #expect(withoutGradients { named(images, .evaluation).features.shape } == [1, 32, 4, 8])
    #expect(named.outputStride == 4 && named.isHead("merge1.0.weight") && named.isHead("head.bias"))
    #expect(!named.isHead("merge2.0.weight") && named.variantText == "features=third,head=merge1+head")
  }

  @Test("a copy is apart from its network")
  func copies() throws {
    let network = try load("whole.pt").network
    let images = formulaImages(width: 32, height: 16)
    let expected = logits(network, images, .evaluation)
    let copy = network.frozenCopy()
    _ = logits(copy, images, .training)
    #expect(relativeError(logits(network, images, .evaluation), expected) == 0)
    #expect(relativeError(logits(copy, images, .evaluation), expected) > 0)
    copy.store.copy(from: network.store)
    #expect(relativeError(logits(copy, images, .evaluation), expected) == 0)
    let sealed = network.sealedCopy()
    #expect(relativeError(logits(sealed, images, .evaluation), expected) == 0)
  }

  @Test("no handle is left by passes, copies and gradients")
  func handles() async {
    await #expect(processExitsWith: .success) {
      // A process of its own, which writes the modules anew.
      let path = try Sample.made.get().folder.path("whole.pt")
      try leakChecked {
        let network = try NetworkFile.load(path, classes: "camvid11").network
        let images = formulaImages(width: 32, height: 16)
        let copy = network.copy()
        copy.store.copy(from: network.store)
        copy(images, .training).logits.mean().backward()
        _ = network.sealedCopy()(images, .evaluation)
      }
    }
  }

  @Test("a saved module says its classes, colours and properties, and gives what it gave")
  func savedModule() throws {
    let network = try load("whole.pt", variant: "features=third").network
    let first = network.store.parameters[0]
    network.store.take([(first.name, (first.tensor.detached() * 2).stored)])
    network.freezeNormalisation()
    let path = folder.path("saved.pt")
    try NetworkFile.save(network, classes: .camvid11, to: path)
    let again = try NetworkFile.load(path)
    #expect(
      again.classes == .camvid11 && again.network.variantText == "features=third" && again.notes.isEmpty)
    let images = formulaImages(width: 32, height: 16)
    let (a, b) = (network, again.network)
    #expect(relativeError(logits(a, images, .evaluation), logits(b, images, .evaluation)) == 0)
    #expect(network.store["first.1.weight"]?.isTrainable == false, "saving leaves the network as it was")
    // The state dict alone needs the module beside it.
    try NetworkFile.save(network, classes: .camvid11, to: folder.path("saved.safetensors"))
    #expect(try NetworkFile.load(folder.path("saved.safetensors")).classes == .camvid11)
    try NetworkFile.save(network, classes: .camvid11, to: folder.path("alone.pth"))
    #expect(
      problem("alone.pth").contains("whose program they do not hold; put the module beside them as alone.pt"))
  }

  @Test("what is no such module has a line that says so")
  func refusals() throws {
    for (name, words) in [
      ("frozen.pt", "it has no parameters"), ("flat.pt", "shapes cannot be multiplied"),
      ("fixed.pt", "its scores are 64x64 whatever the image"), ("cut.pt", "damaged or incomplete"),
    ] { #expect(problem(name).contains(words), "\(name): \(problem(name))") }
    #expect(
      problem("whole.pt", family: "espnet").contains("it is a TorchScript module, not weights of espnet"))
    #expect(problem("weights.pth", family: "torchscript").contains("it holds weights and no program"))
    #expect(
      problem("whole.pt", variant: "features=thrid").contains("the last that give maps are head [2, 11"))
    #expect(problem("whole.pt", variant: "head=classifier").contains("no parameter's name begins so"))
    #expect(problem("whole.pt", variant: "advent").contains("comes from no other code's weights"))
    let other = #expect(throws: Problem.self) { try NetworkFile.load(folder.path("whole.pt")) }
    #expect(other?.description.contains("scores of 11 classes, and the label space has 19") == true)
  }
}

/// The norm of a difference over that of what was expected.
private func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
  ((found - expected).norm() / expected.norm()).item
}
