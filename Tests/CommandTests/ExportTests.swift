// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing

/// A Python with torch; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Whether that Python has what runs and checks ONNX.
private let hasONNX: Bool = {
  let outcome = python.flatMap { try? Command(["-c", "import onnx, onnxruntime"], program: $0).outcome() }
  return outcome?.status == 0
}()

/// What `Reference/exported_networks.py` prints of a file.
private func compare(_ arguments: String...) throws -> [String] {
  let script = Fixtures.repository.appendingPathComponent("Reference/exported_networks.py").path
  let outcome = try Command([script] + arguments, program: python).outcome()
  try #require(outcome.status == 0, "\(outcome.errors)")
  return outcome.output.split(separator: "\n").map(String.init)
}

/// Networks of each kind, and street scenes of two sizes with what `predict` says of them; made once.
private struct Networks: Sendable {
  let folder: ScratchFolder

  static let names = ["espnet", "espnetv2", "deeplabv2-resnet50", "deeplabv2-vgg16", "segformer-b0"]
  static func make() throws -> Networks { try made.get() }

  private static let made = Result {
    let networks = Networks(folder: try .keptToTheEnd())
    let folder = networks.folder
    for (size, seed) in [("160x96", "1"), ("104x120", "2"), ("112x144", "3")] {
      try done(
        ["data", "streets", "--size", size, "--count", "2", "--seed", seed, "--output", folder.path(size)])
    }
    for (images, sizes) in [("images", ["160x96", "104x120"]), ("images-of-16", ["160x96", "112x144"])] {
      try FileManager.default.createDirectory(atPath: folder.path(images), withIntermediateDirectories: true)
      for size in sizes {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("\(size)/images")) {
          try FileManager.default.copyItem(
            atPath: folder.path("\(size)/images/\(name)"), toPath: folder.path("\(images)/\(size)-\(name)"))
        }
      }
    }
    for name in names.dropFirst() {
      try done(
        [
          "train", "--images", folder.path("160x96/images"), "--labels", folder.path("160x96/labels"),
          "--label-space", "cityscapes19", "--network", name, "--crop", "64x64", "--batch", "2", "--steps",
          "2",
          "--output", folder.path(name),
        ] + (name.hasPrefix("deeplab") ? ["--normalisation", "caffe"] : []))
    }
    for name in names {
      try done([
        "predict", "--weights", networks.weights(name), "--images", networks.images(name), "--output",
        folder.path("labelled-\(name)"),
      ])
    }
    return networks
  }

  /// Images of sizes that the network takes.
  func images(_ name: String) -> String { folder.path(name == "espnetv2" ? "images-of-16" : "images") }

  func weights(_ name: String) -> String {
    // Weights that know streets, and others that were hardly trained.
    name == "espnet"
      ? Fixtures.repository.appendingPathComponent("demo/source.safetensors").path
      : folder.path("\(name)/last.safetensors")
  }

  func labels(_ name: String) -> String { folder.path("labelled-\(name)/labels") }

  /// The path of an exported network.
  func export(_ name: String, to file: String, _ more: String...) throws -> String {
    let output = folder.path("\(name)-\(file)")
    let outcome = try done(["export", "--weights", weights(name), "--output", output] + more)
    #expect(outcome.output.contains(output))
    return output
  }
}

@Suite struct ExportTests {
  @Test(
    "ONNX Runtime labels as predict does, at two sizes and in batches, a file that onnx's checker passes",
    .enabled(if: hasONNX, "install the onnx and onnxruntime of Reference/requirements.txt for IAPC_PYTHON"),
    arguments: Networks.names)
  func onnx(name: String) throws {
    let networks = try Networks.make()
    for (file, options) in [("net.onnx", []), ("labels.onnx", ["--argmax"])] {
      let output = networks.folder.path("\(name)-\(file)")
      try done(["export", "--weights", networks.weights(name), "--output", output] + options)
      let share = try compare(output, networks.images(name), networks.labels(name))
      #expect(try #require(Double(share[0])) >= 0.9999)
    }
  }

  @Test(
    "PyTorch labels with an exported TorchScript as predict does, and can go on training it",
    .enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch"), arguments: Networks.names)
  func torchScript(name: String) throws {
    let networks = try Networks.make()
    let output = try networks.export(name, to: "net.pt")
    let told = try compare(output, networks.images(name), networks.labels(name), "--trained")
    #expect(try #require(Double(told[0])) >= 0.9999)
    #expect(told[1] == "moved")
  }

  @Test("What was adapted is what is exported, and the commands take it as a module")
  func adapted() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let (file, weights) = (folder.path("adapted.pt"), "\(sample.run)/adapted.safetensors")
      try done(["export", "--weights", weights, "--output", file])
      let scores = try [file, weights].map { path in
        try done(
          ["evaluate", "--weights", path, "--images", sample.images, "--labels", sample.labels]
            + ["--label-space", "camvid11"]
        ).output.split(separator: "\n").filter { $0.contains("mIoU") }
      }
      #expect(scores[0] == scores[1] && !scores[0].isEmpty)
      try done(
        ["adapt", "--weights", file, "--images", sample.images, "--batch", "2", "--crop", "32x24"]
          + ["--steps", "2", "--output", folder.path("again")])
    }
  }

  @Test(
    "A fixed size is the one that ONNX Runtime takes",
    .enabled(if: hasONNX, "install the onnx and onnxruntime of Reference/requirements.txt for IAPC_PYTHON"))
  func fixedSize() throws {
    let networks = try Networks.make()
    let output = try networks.export("espnet", to: "fixed.onnx", "--size", "160x96")
    let code = """
      import json, sys, onnx, onnxruntime
      session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
      print(session.get_inputs()[0].shape, session.get_outputs()[0].shape, session.get_outputs()[0].name)
      print(sorted(p.key for p in onnx.load(sys.argv[1]).metadata_props))
      """
    let told = try Command(["-c", code, output], program: python).outcome()
    #expect(
      told.output == """
        ['batch', 3, 96, 160] ['batch', 11, 96, 160] logits
        ['iapc.classes', 'iapc.network', 'iapc.normalisation']

        """)
  }

  @Test("An ONNX file says which network it is of")
  func network() throws {
    try withTemporaryFolder { folder in
      let (weights, file) = (folder.path("net.safetensors"), folder.path("net.onnx"))
      let network = SegFormer(SegFormer.Description(.b0, outputs: 19))
      try NetworkFile.save(network, classes: .cityscapes19, to: weights)
      try done(["export", "--weights", weights, "--output", file])
      let words = String(decoding: try bytes(file), as: UTF8.self)
      #expect(words.contains("segformer-b0") && !words.contains("torchscript"))
    }
  }

  @Test("What cannot be exported is one error and leaves no file")
  func errors() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let export = ["export", "--weights", sample.weights, "--output"]
      let there = folder.path("there.onnx")
      try Data("mine".utf8).write(to: URL(fileURLWithPath: there))
      try expectError(
        export + [there], saying: "the output is there already (\(there)): it would be replaced")
      #expect(try bytes(there) == Data("mine".utf8))
      try done(export + [there, "--overwrite"])
      #expect(try bytes(there).count > 1000)

      let odd = folder.path("odd.onnx")
      try expectError(
        export + [odd, "--size", "100x96"],
        saying:
          "cannot export the network (--size 100x96): espnet takes widths and heights that are multiples of 8"
      )
      try expectError(export + [folder.path("none/net.onnx")], saying: "its folder does not exist")
      let module = folder.path("net.pt")
      try done(export + [module])
      try expectError(
        ["export", "--weights", module, "--output", odd],
        saying: "cannot export the network (\(module)): it came as a TorchScript module and is one still")
      #expect(!FileManager.default.fileExists(atPath: odd))
      for wrong in [["net.txt"], ["net.pt", "--size", "64x48"]] {
        #expect(try Command(export + wrong).outcome().status == 64)
      }
    }
  }
}
