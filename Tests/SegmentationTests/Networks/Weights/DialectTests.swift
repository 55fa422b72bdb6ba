// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// A Python with torch and safetensors; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Runs `Reference/deeplabv2_dialects.py`, which has to end well, and gives what it printed.
@discardableResult
private func dialects(_ arguments: String...) throws -> String {
  let script = Fixtures.repository.appendingPathComponent("Reference/deeplabv2_dialects.py").path
  let process = Process()
  process.executableURL = URL(fileURLWithPath: try #require(python))
  process.arguments = [script] + arguments
  var environment = ProcessInfo.processInfo.environment
  environment["OMP_NUM_THREADS"] = "1"
  process.environment = environment
  let (output, errors) = (Pipe(), Pipe())
  (process.standardOutput, process.standardError) = (output, errors)
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  let complaint = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(String(decoding: complaint, as: UTF8.self))")
  return String(decoding: text, as: UTF8.self)
}

private struct Case: Decodable {
  let name, file, backbone, dialect: String
  let variant: String?
}

/// The files of all code bases, written once.
private struct Sample: Sendable {
  let folder: TestSupport.ScratchFolder

  private static let scratch = Result { try TestSupport.ScratchFolder() }

  static let made: Result<Sample, any Error> = Result {
    let sample = Sample(folder: try scratch.get())
    // Static values are never released, so the folder is removed at the end.
    atexit {
      if case .success(let folder) = Sample.scratch { try? FileManager.default.removeItem(at: folder.url) }
    }
    try dialects("write", sample.folder.url.path)
    return sample
  }

  func cases() throws -> [Case] {
    try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder.path("cases.json"))))
  }

  func logits() throws -> Checkpoint { try CheckpointFile.read(folder.path("logits.pth")) }
}

private func logits(_ network: any Segmenter) -> Tensor {
  withoutGradients { network(formulaImages(width: 65, height: 33), .evaluation).logits }
}

@Suite(
  "Weights of many code bases", .serialized,
  .enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch"))
struct DialectTests {
  private let sample: Sample

  init() throws {
    Machine.threads = 1
    sample = try Sample.made.get()
  }

  @Test("are named, predict as in PyTorch, and are written back as they came")
  func roundTrip() throws {
    let (cases, expected) = (try sample.cases(), try sample.logits())
    #expect(cases.count == 14)
    let written = try TestSupport.ScratchFolder()
    for item in cases {
      let loaded = try NetworkFile.load(sample.folder.path(item.file), variant: item.variant)
      #expect(loaded.form?.dialect == item.dialect, "\(item.name)")
      #expect(loaded.network.name == "deeplabv2-\(item.backbone)")
      let wanted = try #require(expected[item.name])
      let size = Tensor(wanted).norm().item / Double(wanted.shape.reduce(1, *)).squareRoot()
      assertClose(logits(loaded.network), wanted, relative: 1e-5, absolute: 1e-5 * size, item.name)
      let copy = written.path(item.file)
      try NetworkFile.save(loaded.network, classes: loaded.classes, form: loaded.form, to: copy)
      // What iapc writes says itself what it is, and lies as before.
      let again = try NetworkFile.load(copy)
      #expect(again.network.variant == loaded.network.variant && again.form == loaded.form, "\(item.name)")
      #expect(again.network.normalisation == loaded.network.normalisation)
      #expect(zip(again.network.store.state, loaded.network.store.state).allSatisfy { $0 == $1 })
    }
    #expect(try dialects("check", sample.folder.url.path, written.url.path).contains("14 files are the same"))
  }

  @Test("keep their dialect through safetensors, which has no dictionaries")
  func safetensors() throws {
    for item in try sample.cases() {
      let loaded = try NetworkFile.load(sample.folder.path(item.file), variant: item.variant)
      let path = sample.folder.path("\(item.name).through.safetensors")
      try NetworkFile.save(loaded.network, classes: loaded.classes, form: loaded.form, to: path)
      let again = try NetworkFile.load(path)
      #expect(again.form?.dialect == item.dialect, "\(item.name)")
      #expect(zip(again.network.store.state, loaded.network.store.state).allSatisfy { $0 == $1 })
    }
  }

  @Test("have the colours of their code base unless one is named")
  func colours() throws {
    func colour(_ name: String, variant: String? = nil, normalisation: String? = nil) throws -> String {
      try NetworkFile.load(sample.folder.path(name), variant: variant, normalisation: normalisation)
        .network.normalisation.name
    }
    #expect(try colour("advent.pth") == "caffe")
    #expect(try colour("fada.pth") == "imageNet")
    #expect(try colour("da-sac.pth") == "imageNet")
    #expect(try colour("daformer.pth") == "imageNet")
    #expect(try colour("advent.pth", variant: "da-sac") == "imageNet")
    #expect(try colour("fada.pth", normalisation: "caffe") == "caffe")
  }

  @Test("of several sets one is taken, and it is said which")
  func sets() throws {
    let sac = try NetworkFile.load(sample.folder.path("da-sac.pth")).notes
    #expect(
      sac.count == 1 && sac[0].contains("took the weights under backbone.") && sac[0].contains("slow_net."))
    #expect(try NetworkFile.load(sample.folder.path("daformer.pth")).notes.count == 2)
    let foreign = try NetworkFile.load(sample.folder.path("foreign auxiliary.pth"))
    #expect(foreign.notes.contains { $0.contains("left out the auxiliary head") })
  }

  @Test("may be several networks, and each guess is built")
  func guesses() throws {
    let path = sample.folder.path("advent.pth")
    let checkpoint = try CheckpointFile.read(path)
    let guesses = try NetworkFile.plausible(checkpoint)
    #expect(guesses.count == 6 && Set(guesses.map(\.variant)).count == 3)
    #expect(guesses.first?.normalisation == .caffe)
    #expect(
      guesses.first?.variant.hasPrefix("branches=4,stride=1x1,ceil=true,dilation=full,norm=batch") == true)
    var seen: [Double] = []
    for guess in guesses {
      let network = try NetworkFile.network(
        guess, of: checkpoint, classes: LabelSpace.named("cityscapes19"), at: path)
      #expect(network.normalisation == guess.normalisation)
      seen.append(logits(network).norm().item)
    }
    #expect(Set(seen).count == 3)
    let fada = try NetworkFile.plausible(CheckpointFile.read(sample.folder.path("fada.pth")))
    #expect(fada.first?.normalisation == .imageNet && fada.first?.variant.contains("norm=frozen") == true)
    // What iapc writes leaves nothing to guess.
    let loaded = try NetworkFile.load(path)
    let own = NetworkFile.checkpoint(of: loaded.network, classes: loaded.classes)
    #expect(try NetworkFile.plausible(own).count == 1)
  }

  @Test("are translated between code bases, and say what the new names would hide")
  func translated() throws {
    let fada = try CheckpointFile.read(sample.folder.path("fada.pth"))
    let loaded = try NetworkFile.load(sample.folder.path("fada.pth"))
    for name in ["advent", "mmseg", "daformer", "da-sac", "single-head", "fada"] {
      let path = sample.folder.path("translated.\(name).pth")
      try CheckpointFile.write(NetworkFile.translate(fada, to: name).checkpoint, to: path)
      let again = try NetworkFile.load(path)
      #expect(again.form?.dialect == name && again.network.variant == loaded.network.variant)
      #expect(again.network.normalisation == .imageNet)
      #expect(zip(again.network.store.state, loaded.network.store.state).allSatisfy { $0 == $1 })
    }
    let pair = try NetworkFile.translate(fada, to: "fada").checkpoint.places
    #expect(pair.keys["conv1.weight"] == ["feature_extractor", "backbone.conv1.weight"])
    let multi = try CheckpointFile.read(sample.folder.path("adaptsegnet.legacy.pth"))
    let cut = try NetworkFile.translate(multi, to: "fada", variant: "adaptsegnet")
    #expect(cut.notes == ["left out the auxiliary head layer5, which fada has no names for"])
    #expect(cut.checkpoint.metadata["iapc.variant"]?.hasPrefix("branches=2,") == true)
    let vgg = try CheckpointFile.read(sample.folder.path("vgg.pth"))
    let refused = try #require(problem { _ = try NetworkFile.translate(vgg, to: "mmseg") })
    #expect(refused.why.contains("no names for a VGG"))
  }

  @Test("take what is said of them, and refuse what they contradict")
  func said() throws {
    func refusal(_ variant: String, of name: String = "advent.pth") throws -> Problem {
      try #require(problem { _ = try NetworkFile.load(sample.folder.path(name), variant: variant) })
    }
    #expect(try refusal("brnches=2").what == "unknown property of the variant")
    #expect(try refusal("brnches=2").remedy.contains("branches"))
    #expect(try refusal("advnet").what == "unknown origin of weights")
    #expect(try refusal("advent,fada").why.contains("advent and fada"))
    #expect(try refusal("branches=3").why == "expected 2 or 4")
    #expect(try refusal("width=8").why == "the weights have width=4")
    #expect(try refusal("norm=frozen").why.contains("count batches"))
    #expect(try refusal("stride=3x3", of: "vgg.pth").what == "unknown property of the variant")
    let mixed = try NetworkFile.load(sample.folder.path("advent.pth"), variant: "mmseg, ceil=true, eps=0.001")
    #expect(
      mixed.network.variant.hasPrefix(
        "branches=4,stride=3x3,ceil=true,dilation=contracted,norm=batch,eps=0.001;"))
  }

  @Test("with another classifier than the plain one are refused for that reason")
  func otherHeads() throws {
    let found = problem { _ = try NetworkFile.load(sample.folder.path("proda.pth")) }
    #expect(try #require(found).why.contains("ProDA"))
  }

  @Test("of a body alone are no network, and start one", arguments: ["torchvision", "torchvision vgg"])
  func bodies(name: String) throws {
    let path = sample.folder.path("\(name).pth")
    let refusal = try #require(problem { _ = try NetworkFile.load(path) })
    #expect(refusal.why == "they are a body without a classifier")
    let family = try NetworkFamily.named(name == "torchvision" ? "deeplabv2-resnet50" : "deeplabv2-vgg16")
    let request = BuildRequest(classCount: 5, normalisation: .imageNet, variant: try VariantText("width=4"))
    let network = try family.fresh(request)
    let report = try NetworkFile.initialise(network, from: path)
    let expectedFresh = network.store.entries.map(\.name).filter { entry in
      network.isHead(entry) || entry.hasPrefix("features.29.") || entry.hasPrefix("features.31.")
    }
    #expect(report.fresh == expectedFresh && report.dialect == name.replacing(" ", with: "-"))
    #expect(Set(report.taken + report.fresh) == Set(network.store.entries.map(\.name)))
    #expect(
      report.unused.sorted()
        == (name == "torchvision"
          ? ["fc.bias", "fc.weight"]
          : ["classifier.0.bias", "classifier.0.weight"]))
    let whole = try NetworkFile.load(sample.folder.path(name == "torchvision" ? "advent.pth" : "vgg.pth"))
      .network
    let entry = name == "torchvision" ? "layer4.2.conv3.weight" : "features.27.weight"
    assertClose(
      try #require(network.store[entry]).tensor, try #require(whole.store[entry]).tensor, relative: 0,
      absolute: 0)
  }

  @Test("start a network of other classes, and leave its classifier fresh")
  func initialisation() throws {
    let network = try NetworkFamily.named("deeplabv2-resnet50").fresh(
      BuildRequest(classCount: 19, normalisation: .caffe, variant: try VariantText("width=4")))
    let report = try NetworkFile.initialise(network, from: sample.folder.path("caffe init.pth"))
    #expect(report.fresh.count == 8 && report.fresh.allSatisfy(network.isHead))
    #expect(report.unused.count == 8 && report.dialect == "caffe")
    let all = try NetworkFile.initialise(network, from: sample.folder.path("fada batch.pth"))
    #expect(all.fresh.isEmpty && all.unused.isEmpty)
  }

  @Test("of another body change nothing")
  func otherBody() throws {
    let network = try NetworkFamily.named("deeplabv2-resnet101").fresh(
      BuildRequest(classCount: 19, normalisation: .caffe, variant: try VariantText("width=8")))
    let before = network.store.state
    let found = problem { try NetworkFile.initialise(network, from: sample.folder.path("advent.pth")) }
    #expect(try #require(found).why.contains("not those of a body of deeplabv2-resnet101"))
    let narrow = problem { try NetworkFile.initialise(network, from: sample.folder.path("mmseg.pth")) }
    #expect(try #require(narrow).why.contains("conv1.weight is missing"))
    #expect(zip(before, network.store.state).allSatisfy { $0 == $1 })
  }
}
