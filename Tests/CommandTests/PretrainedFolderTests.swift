// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// A Python with torch and transformers; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

private let hasTransformers: Bool = {
  let outcome = python.flatMap { try? Command(["-c", "import transformers"], program: $0).outcome() }
  return outcome?.status == 0
}()

/// Runs `Reference/pretrained_folders.py` and gives what it printed.
@discardableResult
private func folders(_ arguments: String...) throws -> String {
  let script = Fixtures.repository.appendingPathComponent("Reference/pretrained_folders.py").path
  let outcome = try Command([script] + arguments, program: python).outcome()
  try #require(outcome.status == 0, "\(outcome.errors)")
  return outcome.output
}

@Suite struct PretrainedFolderTests {
  /// A folder as save_pretrained leaves it, made without Python.
  private func pretrained(
    _ scratch: ScratchFolder, _ name: String, _ names: [String], config: [String: Any] = [:],
    processor: [String: Any]? = nil
  ) throws -> String {
    let folder = try scratch.folder(name)
    let network = SegFormer(SegFormer.Description(.b0, outputs: names.count), seed: 3)
    try CheckpointFile.write(
      Checkpoint(tensors: network.store.state, metadata: ["format": "pt"]), to: "\(folder)/model.safetensors")
    let labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ("\($0)", $1) })
    let plain: [String: Any] = [
      "model_type": "segformer", "architectures": ["SegformerForSemanticSegmentation"], "id2label": labels,
      "transformers_version": "4.40.0",
    ]
    try JSONSerialization.data(withJSONObject: plain.merging(config) { $1 })
      .write(to: URL(fileURLWithPath: "\(folder)/config.json"))
    if let processor {
      try JSONSerialization.data(withJSONObject: processor)
        .write(to: URL(fileURLWithPath: "\(folder)/preprocessor_config.json"))
    }
    return folder
  }

  private func said(_ key: String, of weights: String) throws -> String {
    let lines = try done(["inspect", "--weights", weights, "--network", "segformer-b0"]).output.split(
      separator: "\n")
    #expect(lines.contains { $0.hasSuffix("fits exactly") })
    return String(try #require(lines.first { $0.contains("\(key) = ") }))
  }

  private let cityscapes = LabelSpace.cityscapes19.classes.map(\.name)

  @Test(
    "A SegFormer that save_pretrained wrote labels as in transformers, is adapted, and goes back there",
    .enabled(if: hasTransformers, "install the transformers of Reference/requirements.txt for IAPC_PYTHON"))
  func circle() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let source = folder.path("source")
      try folders("write", source, "Sky,road,traffic-light,harbour crane")
      func labels(_ weights: String) throws -> String {
        let output = folder.path("labelled")
        try done([
          "predict", "--weights", weights, "--images", sample.images, "--output", output, "--overwrite",
        ])
        return "\(output)/labels"
      }
      func agreement(_ weights: String) throws -> Double {
        try #require(
          Double(folders("predict", weights, sample.images, try labels(weights)).split(separator: "\n")[0]))
      }
      #expect(try agreement(source) >= 0.999)
      let run = folder.path("run")
      let outcome = try done([
        "adapt", "--weights", source, "--images", sample.images, "--output", run, "--batch", "2", "--crop",
        "64x48", "--steps", "2",
      ])
      #expect(outcome.output.contains("for from_pretrained the folder adapted"))
      #expect(outcome.errors.contains("its image processor resizes to 512x512"))
      #expect(try agreement("\(run)/adapted") >= 0.999)
      let loaded = try folders("load", "\(run)/adapted", "\(run)/adapted.pth")
      #expect(
        loaded.contains("All keys matched") && loaded.contains("Sky, road, traffic-light, harbour crane"))
      let maps = try ["adapted", "adapted.safetensors"].map { name in
        let place = try labels("\(run)/\(name)")
        return try #require(listing(place)).map { try bytes("\(place)/\($0)") }
      }
      #expect(maps[0] == maps[1])
      #expect(
        try said("iapc.classes", of: "\(run)/adapted") == said("iapc.classes", of: "\(run)/adapted.pth"))
      #expect(
        try said("iapc.normalisation", of: "\(run)/adapted")
          == said("iapc.normalisation", of: "\(run)/adapted.pth"))
    }
  }

  @Test("The classes are those of id2label: a known label space by its names, or else one of its own")
  func classes() throws {
    try withTemporaryFolder { folder in
      let titled = cityscapes.map { $0.capitalized.replacingOccurrences(of: " ", with: "_") }
      #expect(try said("iapc.classes", of: pretrained(folder, "known", titled)).hasSuffix("= cityscapes19"))
      let turned = try said("iapc.classes", of: pretrained(folder, "turned", titled.reversed()))
      #expect(turned.contains(#"{"classes":[{"colour":[119,11,32],"name":"bicycle"}"#), "\(turned)")
      #expect(turned.contains(#""name":"turned""#))
      let nineteen = try said("iapc.classes", of: pretrained(folder, "other", (0..<19).map { "class \($0)" }))
      #expect(nineteen.contains(#""name":"class 18""#) && !nineteen.contains("cityscapes"))
      let twice = try pretrained(folder, "twice", ["road", "Road", "sky"])
      let sample = try Sample.make()
      let predict = ["predict", "--images", sample.images, "--output", folder.path("no"), "--weights"]
      try expectError(predict + [twice], saying: "twice/config.json, id2label", "--classes")
      let silent = try pretrained(folder, "silent", (0..<19).map { "LABEL_\($0)" })
      let outcome = try done(predict + [silent])
      #expect(outcome.errors.contains("config.json names no classes, and they are taken for cityscapes19"))
    }
  }

  @Test("Classes in another order than the labels' are scored under their names")
  func otherOrder() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let names = LabelSpace.camvid11.classes.map(\.name)
      let plain = try pretrained(folder, "plain", names)
      // The same network with its outputs turned round, and their names with them.
      let network = SegFormer(SegFormer.Description(.b0, outputs: names.count), seed: 3)
      let turned = try pretrained(folder, "turned", names.reversed())
      let rows = network.store.state.map { entry -> (name: String, tensor: StoredTensor) in
        guard entry.name.hasPrefix("decode_head.classifier") else { return entry }
        let length = entry.tensor.bytes.count / names.count
        let bytes = (0..<names.count).reversed().flatMap {
          entry.tensor.bytes[$0 * length..<($0 + 1) * length]
        }
        return (entry.name, StoredTensor(dtype: entry.tensor.dtype, shape: entry.tensor.shape, bytes: bytes))
      }
      try CheckpointFile.write(Checkpoint(tensors: rows), to: "\(turned)/model.safetensors")
      func score(_ weights: String) throws -> [String] {
        let output = try done([
          "evaluate", "--weights", weights, "--images", sample.images, "--labels", sample.labels,
          "--label-space",
          "camvid11",
        ]).output
        return output.split(separator: "\n").map(String.init).filter {
          $0.contains(".") && !$0.contains(weights)
        }
      }
      let (expected, found) = (try score(plain), try score(turned))
      #expect(!expected.isEmpty && expected == found)
    }
  }

  @Test("The image processor says the colours, and other folders end in one line with the way out")
  func colours() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let names = ["road", "sky", "car"]
      let half = try pretrained(
        folder, "half", names,
        processor: ["image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": 512])
      #expect(try said("iapc.normalisation", of: half).contains(#""mean":[127.5,127.5,127.5]"#))
      let plain = try pretrained(
        folder, "plain", names, processor: ["do_normalize": false, "rescale_factor": 1.0 / 255])
      #expect(try said("iapc.normalisation", of: plain).contains(#""std":[255,255,255]"#))

      let predict = ["predict", "--images", sample.images, "--output", folder.path("no"), "--weights"]
      let other = try pretrained(
        folder, "other", names,
        config: ["model_type": "upernet", "architectures": ["UperNetForSemanticSegmentation"]])
      try expectError(predict + [other], saying: "UperNetForSemanticSegmentation", "TorchScript module")
      let heads = try pretrained(folder, "heads", names, config: ["num_attention_heads": [1, 1, 1, 1]])
      try expectError(predict + [heads], saying: "num_attention_heads", "TorchScript module")
      let shards = try pretrained(folder, "shards", names)
      try FileManager.default.moveItem(
        atPath: "\(shards)/model.safetensors", toPath: "\(shards)/model.safetensors.index.json")
      try expectError(predict + [shards], saying: "shards", "max_shard_size")
      try expectError(predict + [sample.run], saying: "name \(sample.run)/adapted.safetensors")
      try expectError(predict + [sample.images], saying: "without the config.json of save_pretrained")
    }
  }

  @Test("What a run changes stands in the folder that it writes, and all else as it was")
  func written() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let source = try pretrained(
        folder, "source", ["LABEL_0", "LABEL_1", "LABEL_2"],
        config: ["drop_path_rate": 0.5, "torch_dtype": "float16"], processor: ["image_mean": [0.5, 0.5, 0.5]])
      let own = try folder.file(
        "own.yaml",
        Array("name: own\nroot: .\nsplits: {train: {images: .}}\nclasses: [ground, air, water]\n".utf8))
      let run = folder.path("run")
      try done([
        "adapt", "--weights", source, "--images", sample.images, "--output", run, "--batch", "2", "--crop",
        "64x48", "--steps", "1", "--classes", own, "--normalisation", "mean=0.1/0.2/0.3,std=0.4/0.5/0.6",
      ])
      let config = try json("\(run)/adapted/config.json")
      #expect(config["id2label"] as? [String: String] == ["0": "ground", "1": "air", "2": "water"])
      #expect(config["label2id"] as? [String: Int] == ["ground": 0, "air": 1, "water": 2])
      #expect(config["drop_path_rate"] as? Double == 0.5 && config["torch_dtype"] as? String == "float32")
      let processor = try json("\(run)/adapted/preprocessor_config.json")
      let mean = try #require(processor["image_mean"] as? [Double])
      #expect(zip(mean, [0.1, 0.2, 0.3]).allSatisfy { abs($0 - $1) < 1e-12 })
      for key in ["iapc.classes", "iapc.normalisation"] {
        #expect(try said(key, of: "\(run)/adapted") == said(key, of: "\(run)/adapted.pth"))
      }
      let keys = try CheckpointFile.read("\(run)/adapted.pth").tensors.map(\.name)
      #expect(keys.contains("segformer.encoder.block.0.0.attention.self.query.weight"))
    }
  }
}
