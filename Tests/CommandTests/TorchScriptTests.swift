// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python with torch; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Whether that Python has the package that makes SegFormers.
private let hasTransformers: Bool = {
  let outcome = python.flatMap { try? Command(["-c", "import transformers"], program: $0).outcome() }
  return outcome?.status == 0
}()

/// Whether that Python has what runs ONNX.
private let hasONNX: Bool = {
  let outcome = python.flatMap { try? Command(["-c", "import onnx, onnxruntime"], program: $0).outcome() }
  return outcome?.status == 0
}()

/// Runs `Reference/script_modules.py` and gives what it printed.
@discardableResult
private func modules(_ arguments: String...) throws -> String {
  let script = Fixtures.repository.appendingPathComponent("Reference/script_modules.py").path
  let outcome = try Command([script] + arguments, program: python).outcome()
  try #require(outcome.status == 0, "\(outcome.errors)")
  return outcome.output
}

/// What PyTorch wrote of a network's steps, with the options that the module needs.
private struct Expected: Decodable {
  let options: [String]
  let losses: [[String: Double]]
  /// Of each parameter and buffer after the last step.
  let norms: [String: Double]
}

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct TorchScriptTests {
  @Test(
    "Ten steps of a network that is not ours lose what they do in PyTorch, and it comes back into Python adapted",
    arguments: ["unet", "unet-traced", "deeplabv3", "layernorm"])
  func steps(name: String) throws { try check(name) }

  @Test(
    "So do ten steps of a SegFormer of transformers",
    .enabled(if: hasTransformers, "install the transformers of Reference/requirements.txt for IAPC_PYTHON"))
  func segformerSteps() throws { try check("segformer") }

  @Test(
    "An adapted module becomes ONNX as the guide says, of its own Python and of adapted.pt alone",
    .enabled(if: hasONNX, "install the onnx and onnxruntime of Reference/requirements.txt for IAPC_PYTHON"),
    arguments: ["unet", "unet-traced", "deeplabv3", "layernorm"] + (hasTransformers ? ["segformer"] : []))
  func onnx(name: String) throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      try modules("write", folder.url.path, name, "1", "1e-3")
      let text = try Data(contentsOf: URL(fileURLWithPath: folder.path("\(name).json")))
      let expected = try JSONDecoder().decode(Expected.self, from: text)
      try done(
        [
          "adapt", "--weights", folder.path("\(name).pt"), "--classes", "camvid11", "--images", sample.images,
          "--output", folder.path("run"), "--batch", "2", "--crop", "64x48", "--steps", "1",
        ] + expected.options)
      let printed = try modules("export", folder.path("run/adapted.pt"), name)
      let differences = printed.split(separator: "\n").compactMap { Double($0) }
      #expect(differences.count == 4 && differences.allSatisfy { $0 < 1e-3 }, "\(printed)")
    }
  }

  private func check(_ name: String) throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      try modules("write", folder.url.path, name, "10", "1e-3")
      let module = ["--weights", folder.path("\(name).pt"), "--classes", "camvid11"]
      let text = try Data(contentsOf: URL(fileURLWithPath: folder.path("\(name).json")))
      let expected = try JSONDecoder().decode(Expected.self, from: text)
      try done(
        [
          "step", "--inputs", folder.path("\(name).batch.safetensors"), "--steps", "10", "--learning-rate",
          "1e-3",
        ]
          + ["--json", folder.path("ours.json")] + module + expected.options)
      try compare(folder.path("ours.json"), expected)

      let run = folder.path("run")
      let adapted = try done(
        [
          "adapt", "--images", sample.images, "--output", run, "--batch", "2", "--crop", "64x48", "--steps",
          "3",
        ]
          + module + expected.options)
      #expect(adapted.output.contains("and the module as adapted.pt"))
      let note = "no layer of the network normalises by the statistics of batches"
      #expect(adapted.errors.contains(note) == (name == "layernorm"))
      let labelled = folder.path("labelled")
      try done(["predict", "--weights", "\(run)/adapted.pt", "--images", sample.images, "--output", labelled])
      let share = try modules("predict", "\(run)/adapted.pt", sample.images, "\(labelled)/labels")
      #expect(try #require(Double(share.dropLast())) >= 0.9999)
    }
  }

  /// - `path`: what `step --json` wrote.
  private func compare(_ path: String, _ expected: Expected) throws {
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    let result = try #require(json as? [String: Any])
    let steps = try #require(result["steps"] as? [[String: Any]])
    let losses = expected.losses
    #expect(steps.count == 10 && losses.count == 10)
    for (index, (step, loss)) in zip(steps, losses).enumerated() {
      #expect(loss.count == 6)
      for (term, value) in loss {
        let found = try #require(step[term] as? Double)
        #expect(abs(found - value) <= 1e-4 * abs(value), "step \(index + 1), \(term): \(found), \(value)")
      }
    }
    let parts = try ["student", "buffers"].map { try #require(result[$0] as? [String: [Double]]) }
    let found = parts[0].merging(parts[1]) { first, _ in first }
    #expect(Set(found.keys) == Set(expected.norms.keys))
    for (name, norm) in expected.norms {
      let own = try #require(found[name])[1]
      #expect(abs(own - norm) <= 1e-4 * norm + 1e-7, "\(name): \(own), \(norm)")
    }
  }

  @Test("A run of a module goes on bit by bit, and every command takes what it left")
  func runFolder() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      try modules("modes", folder.url.path)
      let module = folder.path("dropout.traced.pt")
      func adapt(_ output: String, _ steps: Int, _ more: [String] = []) throws {
        try done(
          [
            "adapt", "--weights", module, "--classes", "camvid11", "--images", sample.images, "--output",
            output,
          ]
            + [
              "--batch", "2", "--crop", "32x24", "--steps", "\(steps)", "--set", "selection.every=0",
              "--threads",
              "1",
            ]
            + [
              "--set", "checkpoint.every=2", "--set", "schedule.warm_up=1", "--set", "schedule.total_steps=9",
            ] + more)
      }
      let (whole, run) = (folder.path("whole"), folder.path("run"))
      try adapt(whole, 4)
      try adapt(run, 4)
      // As a kill after the second step leaves it.
      for name in ["adapted.pt", "adapted.pth", "adapted.safetensors", "checkpoints/step-000004.safetensors"]
      {
        try FileManager.default.removeItem(atPath: "\(run)/\(name)")
      }
      #expect(FileManager.default.fileExists(atPath: "\(run)/checkpoints/step-000002.safetensors"))
      try done(["adapt", "--resume", run])
      #expect(try bytes("\(whole)/adapted.safetensors") == bytes("\(run)/adapted.safetensors"))

      let scores = try ["adapted.pt", "adapted.safetensors", "adapted.pth"].map { name in
        try done(
          ["evaluate", "--weights", "\(run)/\(name)", "--images", sample.images, "--labels", sample.labels]
            + ["--label-space", "camvid11"]
        ).output
      }
      #expect(Set(scores).count == 1)
      let chosen = folder.path("chosen.pt")
      try done(["select", run, "--images", sample.images, "--output", chosen])
      try done(["predict", "--weights", chosen, "--images", sample.images, "--output", folder.path("maps")])
      try done(["report", run, "--output", folder.path("report.html")])
      #expect(try done(["inspect", "--weights", module]).output.contains("TorchScript"))
    }
  }

  @Test(
    "A module is scored with the statistics that it learns with, which its own are only where they follow in time",
    arguments: ["unet", "unet-slow", "unet-slow-traced"])
  func slowStatistics(name: String) throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      try modules("write", folder.url.path, name, "1", "1e-3")
      let output = folder.path("compared")
      // After 32 steps of the usual momentum 3 % are left.
      let outcome = try done(
        [
          "compare", "--methods", "tent,self-training,tent+batch_norm.final=source", "--output", output,
          "--labelled-images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
          "--checkpoints", "1", "--", "--weights", folder.path("\(name).pt"), "--classes", "camvid11",
          "--images",
          sample.images, "--batch", "2", "--crop", "32x24", "--steps", "32", "--set", "selection.every=0",
        ])
      let timed = try done(
        ["benchmark", "step", "--weights", folder.path("\(name).pt"), "--classes", "camvid11"]
          + ["--crop", "32x24", "--batch", "2", "--steps", "1", "--json", folder.path("timed.json")])
      #expect(timed.output.contains("seconds a step") && !timed.output.contains("GFLOP"))
      #expect(try json(folder.path("timed.json"))["operations_per_step"] == nil)
      let (isSlow, own) = (name != "unet", name == "unet" ? "running" : "target")
      #expect(try comparedStatistics(output) == [own, own, "running"])
      let note = "by its momentum of 0.001, 32 steps leave 97 % of the source's"
      #expect(outcome.errors.components(separatedBy: note).count == (isSlow ? 3 : 1), "\(outcome.errors)")
      let score = try json("\(output)/tent-1/score.json")["last"] as? Double
      try done([
        "evaluate", "--weights", "\(output)/tent-1/adapted.safetensors", "--images", sample.images,
        "--labels",
        sample.labels, "--label-space", "camvid11", "--json", folder.path("evaluated.json"),
      ])
      #expect(score == (try json(folder.path("evaluated.json"))["mIoU"] as? Double))
    }
  }

  @Test("Every method adapts a module, and says what it cannot do without batch statistics")
  func methods() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      try modules("write", folder.url.path, "layernorm", "1", "1e-3")
      try modules("modes", folder.url.path)
      func arguments(_ module: String, _ method: String, _ steps: String) -> [String] {
        ["adapt", "--weights", folder.path(module), "--classes", "camvid11", "--images", sample.images]
          + [
            "--output", folder.path("\(module)-\(method)"), "--batch", "2", "--crop", "32x24", "--steps",
            steps,
          ]
          + ["--method", method, "--set", "selection.every=0", "--set", "runtime.plan=off"]
      }
      for method in [
        "source-only", "tent", "self-training", "urma", "hcl", "cotta", "dt-st", "iapc",
      ] {
        for module in ["layernorm.pt", "modes.traced.pt"] { try done(arguments(module, method, "1")) }
      }
      try done(arguments("modes.traced.pt", "adabn", "1"))
      try expectError(
        arguments("layernorm.pt", "adabn", "1"), saying: "cannot adapt by adabn",
        "no layer of the network normalises by the statistics of batches")
    }
  }
}
