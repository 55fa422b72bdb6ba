// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("A run of training")
struct SourceTrainerTests {
  init() { Machine.threads = 1 }

  /// Every kind of state and random choice at once.
  private func everything(_ settings: inout TrainingSettings) {
    (settings.optimizer, settings.nesterov, settings.headScale) = (.sgd, true, 10)
    (settings.views.distortion, settings.views.blur, settings.views.classMaximum) = (.ssd, 0.5, 0.75)
    settings.rareClasses.sampling = true
  }

  private func scores(_ run: RunFolder) throws -> [TrainingScore] {
    try String(decoding: bytes(run.evaluations), as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(TrainingScore.self, from: Data($0.utf8))
    }
  }

  @Test("leaves weights that load, a line for each step, its settings, what it was made of, and no best")
  func whole() throws {
    let fixtures = try TrainingFixtures()
    let run = try fixtures.train("run")
    for path in [run.weights("last").safetensors, run.weights("last").pth] {
      #expect(try NetworkFile.load(path).classes == .camvid11)
    }
    #expect(!contents(run.path).contains { $0.hasPrefix("best") || $0 == "evaluations.jsonl" })
    #expect(try objects(run.metrics).compactMap { $0["step"] as? Int } == Array(1...6))
    let manifest = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes(run.manifest))) as? [String: Any])
    #expect(manifest["job"] as? String == "train" && manifest["command"] as? [String] == ["iapc", "train"])
    #expect((manifest["labels"] as? [String: Any])?["count"] as? Int == 6)
    #expect((manifest["weights"] as? [String: Any])?["network"] as? String == "espnet")

    var read = TrainingSettings()
    for item in try ConfigFile.read(run.config) {
      try TrainingSettings.table.set(item.name, to: item.value, in: &read, at: run.config)
    }
    var expected = fixtures.settings
    (expected.output, expected.horizon) = (run.path, 6)
    #expect(read == expected)
  }

  @Test("gives the same bytes whatever the number of workers, and others for another seed")
  func deterministic() throws {
    let fixtures = try TrainingFixtures()
    func result(_ name: String, workers: Int, seed: UInt64 = 1) throws -> [UInt8] {
      let run = try fixtures.train(name) {
        everything(&$0)
        ($0.workers, $0.seed) = (workers, seed)
      }
      return try bytes(run.weights("last").safetensors)
    }
    let first = try result("a", workers: 1)
    #expect(try result("b", workers: 0) == first && result("c", workers: 3) == first)
    #expect(try result("d", workers: 1, seed: 2) != first)
  }

  @Test("ends with the same bytes when it is stopped and goes on", arguments: [true, false])
  func resumed(_ sgd: Bool) throws {
    var fixtures = try TrainingFixtures()
    if sgd { everything(&fixtures.settings) }
    fixtures.validate(every: 2)
    let whole = try fixtures.train("whole")

    let done = Box(0)
    var observer = RunObserver()
    observer.step = { done.value = $0.step }
    observer.stopSignal = { done.value == 3 ? 2 : nil }
    let path = fixtures.folder.path("parts")
    #expect(throws: Interruption(signal: 2, resumable: path)) {
      try fixtures.train("parts", observer: observer)
    }
    #expect(contents("\(path)/checkpoints") == ["step-000003.safetensors"])
    #expect(contents(path).contains("last.pth"))
    let parts = try fixtures.train("parts", .resume)
    #expect(try bytes(parts.weights("last").safetensors) == bytes(whole.weights("last").safetensors))
    #expect(try bytes(parts.weights("best").pth) == bytes(whole.weights("best").pth))
    #expect(try bytes(parts.evaluations) == bytes(whole.evaluations))
    #expect(try objects(parts.metrics).compactMap { $0["step"] as? Int } == Array(1...6))
  }

  @Test("that is stopped while the network is scored scores it when it goes on")
  func stoppedScore() throws {
    var fixtures = try TrainingFixtures()
    fixtures.validate(every: 2)
    let whole = try fixtures.train("whole")
    let scored = Box(0)
    var observer = RunObserver()
    observer.begin = { name, _ in scored.value += name == "evaluate" ? 1 : 0 }
    observer.stopSignal = { scored.value == 2 ? 15 : nil }
    #expect(throws: Interruption.self) { try fixtures.train("parts", observer: observer) }
    let path = fixtures.folder.path("parts")
    #expect(contents("\(path)/checkpoints") == ["step-000004.safetensors"])
    #expect(try scores(RunFolder(path)).map(\.step) == [2])
    let parts = try fixtures.train("parts", .resume)
    #expect(try bytes(parts.evaluations) == bytes(whole.evaluations))
    #expect(try bytes(parts.weights("best").safetensors) == bytes(whole.weights("best").safetensors))
  }

  @Test("keeps the weights that scored best, and its scores are those of a later evaluation")
  func best() throws {
    var fixtures = try TrainingFixtures()
    fixtures.validate(every: 1)
    fixtures.settings.steps = 5
    let bests = Box<[TrainingScore]>([])
    var observer = RunObserver()
    observer.score = { bests.value.append($1) }
    let run = try fixtures.train("run", observer: observer)
    let lines = try scores(run)
    let means = lines.compactMap(\.mIoU)
    #expect(lines.map(\.step) == [1, 2, 3, 4, 5] && Set(means).count > 1)
    #expect(bests.value.last?.mIoU == means.max())

    let data = try fixtures.settings.validation.labelled(defaultSpace: .camvid11).images
    for (name, mean) in [("best", means.max()), ("last", means.last)] {
      let loaded = try NetworkFile.load(run.weights(name).pth)
      let predictor = Predictor(loaded.network, PredictionSettings(size: fixtures.settings.size))
      let found = try Evaluator(predictor, classes: loaded.classes, data: data).run()
      #expect(found.meanIoU == mean)
    }
    #expect(lines[0].classes.count == 11 && lines[0].classes[0].name == "sky")
    let text = String(decoding: try bytes(run.evaluations), as: UTF8.self)
    #expect(text.hasPrefix("{\"step\": 1, \"mIoU\": "))
  }

  @Test(
    "moves what is not frozen",
    arguments: [
      (TrainingSettings.FrozenNormalisation.none, true, true), (.affine, false, true), (.all, false, false),
    ])
  func frozen(_ kind: TrainingSettings.FrozenNormalisation, affine: Bool, statistics: Bool) throws {
    let fixtures = try TrainingFixtures()
    let first = try fixtures.train("first") { $0.steps = 2 }.weights("last").safetensors
    let run = try fixtures.train("run") {
      ($0.weightsFile, $0.freezeNormalisation, $0.steps) = (first, kind, 2)
    }
    let (before, after) = (
      try CheckpointFile.read(first), try CheckpointFile.read(run.weights("last").safetensors)
    )
    #expect((before["br.weight"] != after["br.weight"]) == affine)
    #expect((before["br.running_mean"] != after["br.running_mean"]) == statistics)
    #expect(before["classifier.weight"] != after["classifier.weight"])
  }

  @Test(
    "of the DeepLabV2 recipe decays from its rate towards step 250000, and the head learns ten times as fast")
  func recipe() throws {
    let fixtures = try TrainingFixtures()
    let run = try fixtures.train("run") {
      let plain = $0
      $0.apply(.deeplabv2)
      ($0.network, $0.steps, $0.size, $0.crop) = ("espnet", 3, plain.size, plain.crop)
    }
    let rates = try objects(run.metrics).compactMap { $0["learning_rate"] as? Double }
    for (step, rate) in rates.enumerated() {
      #expect(relative(rate, 2.5e-4 * pow(1 - Double(step) / 250_000, 0.9)) < 1e-12)
    }
  }

  @Test("stops at a loss that is no number, and names the step and its images")
  func diverging() throws {
    let fixtures = try TrainingFixtures()
    let found = try #require(
      problem {
        try fixtures.train("run") {
          ($0.learningRate, $0.checkpointEvery) = (1e30, 1)
        }
      })
    #expect(found.what == "the loss is no longer a number" && found.place.hasPrefix("step "))
    #expect(found.place.contains("train/images/") && found.why.contains("of step "))
  }

  @Test("refuses to go on with other images, labels or scored images")
  func changed() throws {
    var fixtures = try TrainingFixtures()
    fixtures.validate(every: 5)
    fixtures.settings.horizon = 6
    let run = try fixtures.train("run") { $0.steps = 1 }
    for (path, what) in [
      ("held/labels/0.png", "validation labels"), ("held/images/0.png", "validation images"),
      ("train/labels/1.png", "labels"), ("train/images/1.png", "images"),
    ] {
      let file = fixtures.folder.path(path)
      let before = try bytes(file)
      let size = PixelSize(width: 48, height: 32)
      if path.contains("labels") {
        try LabelMap(size: size, filledWith: 3).writePNG(to: file)
      } else {
        try picture(48, 32, seed: 99).writePNG(to: file)
      }
      let found = problem { try fixtures.train("run", .resume) }
      #expect(found?.why == "its \(what) have changed since it began")
      _ = try fixtures.folder.file(path, before)
    }
    #expect(throws: Never.self) { try fixtures.train("run", .resume) }
    #expect(try run.job == .train)
  }

  @Test("refuses a crop that the network does not take, and images to score on without labels")
  func refused() throws {
    let fixtures = try TrainingFixtures()
    let odd = problem { try fixtures.train("a") { $0.crop = PixelSize(width: 20, height: 16) } }
    #expect(odd?.place == "--crop 20x16" && odd?.remedy.contains("24x16") == true)
    let half = problem { try fixtures.train("b") { $0.validation.images = "somewhere" } }
    #expect(half?.what == "no labels are named")
    #expect(!FileManager.default.fileExists(atPath: fixtures.folder.path("a")))
  }
}

/// A value that closures share.
private final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
