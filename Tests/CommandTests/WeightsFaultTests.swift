// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Weights that are spoiled, wrapped, or of a network that is not built in.
@Suite struct WeightsFaultTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private func copy(_ folder: ScratchFolder, _ change: (inout WeightsCopy) throws -> Void) throws -> String {
    var weights = try WeightsCopy(of: sample.weights)
    try change(&weights)
    let path = folder.path("weights.safetensors")
    try weights.write(to: path)
    return path
  }

  private func predict(_ weights: String, to output: String) -> [String] {
    ["predict", "--weights", weights, "--images", sample.images, "--output", output]
  }

  // MARK: Values that are no numbers

  @Test("Weights with NaN or infinity are refused by every command that runs them, with entry and count")
  func notFinite() throws {
    try withTemporaryFolder { folder in
      let (kernel, variance) = ("encoder.level2_0.c1.conv.weight", "encoder.b1.bn.running_var")
      let weights = try copy(folder) {
        try $0.set(kernel, [.nan, .nan, .infinity])
        try $0.set(variance, [.infinity])
      }
      let labels = ["--labels", sample.labels, "--label-space", "camvid11"]
      let output = folder.path("output")
      for arguments in [
        predict(weights, to: output), sample.adapt(to: output, "--weights", weights),
        ["evaluate", "--weights", weights, "--images", sample.images] + labels,
        ["pseudo-label", "--weights", weights, "--images", sample.images, "--output", output],
        ["export", "--weights", weights, "--output", folder.path("net.onnx")],
        ["train", "--images", sample.images, "--output", output, "--weights", weights] + labels,
      ] {
        // The last of an option that is given twice counts.
        let told = try iapc(arguments)
        #expect(told.status == 1 && told.exited, "\(arguments): \(told.status)")
        let error = told.errorLines.last ?? ""
        #expect(error.contains("cannot use the weights (\(weights)): in "), "\(arguments): \(error)")
        #expect(error.contains("values are NaN or infinite") || error.contains("is infinite"), "\(error)")
        #expect(error.contains(", and so in 1 more entry; "), "\(error)")
      }
      let seen = try done(["inspect", weights]).output
      #expect(!seen.contains("fits exactly"))
      #expect(seen.contains("fits by names and shapes, with values that are no numbers"))
      #expect(seen.contains("warning    in \(kernel) 3 of ") && seen.contains("values are NaN or infinite"))
      #expect(seen.contains("warning    in \(variance) 1 of ") && seen.contains("values is infinite"))
    }
  }

  // MARK: Prefixes

  @Test(
    "What a trainer puts before the names is seen through and told, whatever it is",
    arguments: ["model.", "net.", "student.", "teacher.", "ema.", "backbone.", "pl_module.model.core."])
  func prefixes(prefix: String) throws {
    try withTemporaryFolder { folder in
      let weights = try copy(folder) {
        $0.prefix(prefix)
        $0.add("criterion.weight")
      }
      let network = ["--classes", "camvid11", "--normalisation", "espnetCityscapes"]
      let told = try done(predict(weights, to: folder.path("one")) + network)
      #expect(told.errors.contains("note: \(weights): took the prefix \(prefix) off the names of "))
      #expect(told.errors.contains("left 1 entry without it: criterion.weight"))
      try done(predict(sample.weights, to: folder.path("plain")) + network)
      let maps = ["one", "plain"].map { folder.path("\($0)/labels/noon_00000.png") }
      #expect(try bytes(maps[0]) == bytes(maps[1]))
      let seen = try done(["inspect", "--weights", weights, "--classes", "camvid11"]).output
      #expect(seen.contains("fits exactly") && seen.contains("prefix \(prefix)"))
    }
  }

  @Test("Of several networks in one file one that learns is taken, and the line says how to take the other")
  func severalNetworks() throws {
    try withTemporaryFolder { folder in
      let weights = try copy(folder) {
        var teacher = $0
        $0.prefix("student.")
        try teacher.set("encoder.b1.bn.running_var", [7])
        teacher.prefix("ema_teacher.")
        teacher.add($0)
        $0 = teacher
      }
      let told = try done(predict(weights, to: folder.path("one")))
      #expect(told.errors.contains("took the prefix student. off the names"), "\(told.errors)")
      let other = folder.path("teacher.safetensors")
      #expect(
        told.errors.contains("left those under ema_teacher (`iapc convert --entry ema_teacher \(weights)"))
      try done(["convert", "--entry", "ema_teacher", weights, other])
      #expect(try done(["inspect", other]).output.contains("fits exactly"))
      try expectError(
        ["convert", "--entry", "nobody", weights, folder.path("no.safetensors")], saying: "nobody")
    }
  }

  // MARK: Networks that are not built in

  @Test("Weights of an unknown network lead to the line that brings it in, and not in a circle")
  func unknownNetwork() throws {
    let unknown = fixture("checkpoints/plain.zip.pth", of: "TorchTests")
    let way = "torch.jit.script(net.eval()).save(\"net.pt\")"
    try withTemporaryFolder { folder in
      let output = folder.path("output")
      try expectError(
        sample.adapt(to: output, "--weights", unknown), saying: "are not those of a network that is built in",
        way)
      let seen = try done(["inspect", unknown]).output
      #expect(seen.split(separator: "\n").count { $0.hasPrefix("network ") } == 1, "\(seen)")
      #expect(seen.contains("way in     ") && seen.contains(way), "\(seen)")
      for name in ["unet", "deeplabv3"] {
        try expectError(
          predict(unknown, to: output) + ["--network", name],
          saying: "unknown network (\(name)): it is not built in", way, "without --network")
      }
      try expectError(
        predict(unknown, to: output) + ["--network", "espnt"], saying: "the nearest is espnet")
    }
  }

  @Test("inspect takes one file, by its place or as --weights")
  func oneFile() throws {
    let both = try iapc("inspect", sample.weights, "--weights", sample.weights)
    #expect(both.status == 64 && both.errors.contains("Name one weights file"))
    #expect(try iapc("inspect").status == 64)
    #expect(
      try done(["inspect", sample.weights]).output == done(["inspect", "--weights", sample.weights]).output)
  }
}

/// A Python with torch; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Files that only PyTorch writes.
@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct PythonWeightsTests {
  private func run(_ script: String) throws {
    let outcome = try Command(["-c", script], program: python).outcome()
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  @Test("Quantized weights are called so, in each form that PyTorch writes")
  func quantized() throws {
    try withTemporaryFolder { folder in
      let (zip, old) = (folder.path("zip.pth"), folder.path("old.pth"))
      let other = folder.path("complex.pth")
      try run(
        """
        import torch
        w = torch.quantize_per_tensor(torch.randn(4, 3), 0.1, 0, torch.qint8)
        c = torch.quantize_per_channel(torch.randn(2, 3), torch.ones(2), torch.zeros(2), 0, torch.quint8)
        torch.save({"conv.weight": w, "other.weight": c, "conv.bias": torch.zeros(4)}, "\(zip)")
        torch.save({"conv.weight": w}, "\(old)", _use_new_zipfile_serialization=False)
        torch.save({"conv.weight": torch.zeros(3, dtype=torch.complex64)}, "\(other)")
        """)
      for path in [zip, old] {
        try expectError(
          ["inspect", path], saying: "its weights are quantized (QInt8Storage)",
          "from before they were quantized")
      }
      try expectError(["inspect", other], saying: "of a type that iapc does not know (ComplexFloatStorage)")
    }
  }

  @Test("inspect reads a TorchScript module and its state dict, and says what it is of use for")
  func module() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let script = Fixtures.repository.appendingPathComponent("Reference/script_modules.py").path
      let made = try Command([script, "write", folder.url.path, "layernorm", "1", "1e-3"], program: python)
        .outcome()
      try #require(made.status == 0, "\(made.errors)")
      let module = folder.path("layernorm.pt")
      let seen = try done(["inspect", module, "--classes", "camvid11", "--entries"]).output
      for words in [
        "format     TorchScript module", "network    torchscript (features: ", "  head.weight float32",
      ] {
        #expect(seen.contains(words), "\(words): \(seen)")
      }
      let wrong = try done(["inspect", module]).output
      #expect(wrong.contains("it gives scores of 11 classes") && wrong.contains("--classes"), "\(wrong)")
      let run = folder.path("run")
      try done(
        ["adapt", "--weights", module, "--classes", "camvid11", "--images", sample.images, "--output", run]
          + [
            "--batch", "2", "--crop", "32x24", "--steps", "1", "--set", "runtime.plan=off", "--set",
            "selection.every=0",
          ])
      for name in ["adapted.pt", "adapted.pth", "adapted.safetensors"] {
        #expect(try done(["inspect", "\(run)/\(name)"]).output.contains("): runs"), "\(name)")
      }
    }
  }

  @Test("Dictionaries of a student and a teacher: the student is taken, and the line says so")
  func dictionaries() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let path = folder.path("run.pth")
      try run(
        """
        import torch
        state = torch.load("\(sample.run)/adapted.pth", weights_only=True)
        torch.save({"teacher": state, "student": {f"net.{k}": v for k, v in state.items()}}, "\(path)")
        """)
      let told = try done(
        ["predict", "--weights", path, "--classes", "camvid11", "--images", sample.images, "--output"]
          + [folder.path("out")])
      #expect(told.errors.contains("took the prefix net. off the names"), "\(told.errors)")
      #expect(
        told.errors.contains("took the weights under student, prefix net., left those under teacher"),
        "\(told.errors)")
      try done(["convert", "--entry", "teacher", path, folder.path("teacher.pth")])
      #expect(
        try done(["inspect", folder.path("teacher.pth"), "--classes", "camvid11"]).output.contains(
          "fits exactly"))
    }
  }
}
