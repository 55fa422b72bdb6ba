// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("A run of adaptation")
struct AdaptationRunTests {
  init() { Machine.threads = 1 }

  @Test("leaves weights that load, a line for each step, its settings and what it was made of")
  func whole() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run")
    for path in [run.adaptedSafetensors, run.adaptedPth] {
      let loaded = try NetworkFile.load(path)
      #expect(loaded.classes == .camvid11 && loaded.network.normalisation == .espnetCityscapes)
    }
    let source = try CheckpointFile.read(fixtures.settings.weightsFile)
    let adapted = try CheckpointFile.read(run.adaptedSafetensors)
    #expect(source["classifier.weight"] != adapted["classifier.weight"])
    #expect(source["br.weight"] == adapted["br.weight"])

    let lines = try objects(run.metrics)
    #expect(lines.compactMap { $0["step"] as? Int } == [1, 2, 3, 4])
    for line in lines {
      let terms = ["ia", "pe", "ps_label", "ps_prototype", "im"].compactMap { line[$0] as? Double }
      let total = try #require(line["total"] as? Double)
      #expect(terms.count == 5 && relative(terms.reduce(0, +), total) < 1e-9)
      #expect(line["learning_rate"] is Double && line["seconds"] is Double)
    }

    var read = AdaptationSettings()
    for item in try ConfigFile.read(run.config) {
      try AdaptationSettings.table.set(item.name, to: item.value, in: &read, at: run.config)
    }
    var expected = fixtures.settings
    expected.output = run.path
    #expect(read == expected)

    let manifest = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes(run.manifest))) as? [String: Any])
    let images = try #require(manifest["images"] as? [String: Any])
    #expect(images["names"] as? [String] == ["0", "1", "2", "b/3", "b/4", "b/5"])
    #expect(
      (manifest["weights"] as? [String: Any])?["variant"] as? String
        == ESPNet(
          .init(p: 1, q: 1, outputs: 11), classCount: 11
        ).variant)
    #expect(manifest["command"] as? [String] == ["iapc", "adapt"])
  }

  @Test("saves the network that is asked for, and that one is chosen from its checkpoints")
  func adapted() throws {
    let fixtures = try RunFixtures()
    let loader = CandidateLoader(load: { try NetworkFile.load($0) }, device: "cpu")
    for (choice, other) in [(AdaptedNetwork.student, "teacher"), (.teacher, "student")] {
      let run = try fixtures.run(choice.rawValue) { ($0.adapted, $0.iapc.teacherDecay) = (choice, 0.5) }
      let file = "\(run.checkpoints)/step-000004.safetensors"
      let checkpoint = try CheckpointFile.read(file)
      let saved = try #require(CheckpointFile.read(run.adaptedSafetensors)["classifier.weight"])
      #expect(saved == checkpoint["\(choice).classifier.weight"])
      #expect(saved != checkpoint["\(other).classifier.weight"])
      let candidates = try SelectionCandidate.find(at: [file])
      let found = try loader.network(#require(candidates.first)).network.store
      #expect(found["classifier.weight"]?.tensor.stored == saved)
    }
    let refused = problem {
      try fixtures.run("tent") { ($0.method, $0.adapted) = (.tent, .teacher) }
    }
    #expect(
      refused?.what == "cannot use the setting checkpoint.network" && refused?.why.contains("tent") == true)
  }

  @Test("gives the same bytes for the same seed, whatever the number of workers, and others for another")
  func deterministic() throws {
    let fixtures = try RunFixtures()
    let first = try bytes(fixtures.run("workers-1").adaptedSafetensors)
    for workers in [1, 0, 3] {
      let again = try fixtures.run("again-\(workers)") { $0.workers = workers }
      #expect(try bytes(again.adaptedSafetensors) == first, "\(workers) workers")
    }
    let other = try fixtures.run("other") { $0.seed = 2 }
    #expect(try bytes(other.adaptedSafetensors) != first)
  }

  @Test(
    "gives the same bytes when it is stopped and goes on",
    arguments: [AdaptationSettings.Profile.paper, .reference, .recommended])
  func resumed(_ profile: AdaptationSettings.Profile) throws {
    var fixtures = try RunFixtures()
    fixtures.settings.applyBriefly(profile)
    fixtures.settings.iapc.prototypes = profile == .reference ? .momentum : .perImage
    let whole = try bytes(fixtures.run("whole").adaptedSafetensors)

    let done = Counter()
    var observer = RunObserver()
    observer.step = { _ in done.value += 1 }
    observer.stopSignal = { done.value == 2 ? 15 : nil }
    let path = fixtures.folder.path("parts")
    #expect(throws: Interruption(signal: 15, resumable: path)) {
      try fixtures.run("parts", observer: observer)
    }
    #expect(try objects("\(path)/metrics.jsonl").count == 2)
    #expect(contents("\(path)/checkpoints") == ["step-000002.safetensors"])
    #expect(!FileManager.default.fileExists(atPath: "\(path)/adapted.safetensors"))

    let parts = try fixtures.run("parts", start: .resume)
    #expect(try bytes(parts.adaptedSafetensors) == whole)
    #expect(try objects(parts.metrics).compactMap { $0["step"] as? Int } == [1, 2, 3, 4])
  }

  @Test("labels the images alone that its steps see, with the same bytes at the end")
  func labeled() throws {
    let fixtures = try RunFixtures()
    func labels(_ cache: String) -> Set<String> {
      let files = FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? []
      return Set(files.filter { $0.hasSuffix(".png") })
    }
    var totals: [Int] = []
    var observer = RunObserver()
    observer.begin = { phase, total in if phase == "pseudo-labels" { totals.append(total) } }
    let short = try fixtures.run("short", observer: observer) { ($0.steps, $0.mostUnreadable) = (1, 1) }
    #expect(totals == [3] && labels(fixtures.cache).count == 3)
    // With as many spare images as there are, all are labeled.
    let all = try fixtures.run("all", observer: observer) { ($0.steps, $0.mostUnreadable) = (1, 4) }
    #expect(totals == [3, 6] && labels(fixtures.cache).count == 9)
    #expect(try bytes(short.adaptedSafetensors) == bytes(all.adaptedSafetensors))
    let longer = try fixtures.run("short", start: .resume, observer: observer) {
      ($0.steps, $0.mostUnreadable) = (4, 1)
    }
    let whole = try fixtures.run("whole") { ($0.steps, $0.mostUnreadable) = (4, 1) }
    #expect(try bytes(longer.adaptedSafetensors) == bytes(whole.adaptedSafetensors))
  }

  @Test("goes on from the checkpoint before a damaged one, and says so")
  func damaged() throws {
    let fixtures = try RunFixtures()
    let whole = try fixtures.run("run") { $0.checkpointEvery = 1 }
    #expect(contents(whole.checkpoints) == ["step-000003.safetensors", "step-000004.safetensors"])
    let adapted = try bytes(whole.adaptedSafetensors)
    let newest = "\(whole.checkpoints)/step-000004.safetensors"
    try Data(bytes(newest).prefix(5000)).write(to: URL(fileURLWithPath: newest))
    let notes = Notes()
    var observer = RunObserver()
    observer.note = { notes.lines.append($0) }
    try fixtures.run("run", start: .resume, observer: observer)
    #expect(try bytes(whole.adaptedSafetensors) == adapted)
    #expect(notes.lines.contains { $0.contains("step-000004.safetensors") })
    #expect(notes.lines.contains("resumed after step 3"))
  }

  @Test("refuses to go on with other weights or images")
  func changed() throws {
    let fixtures = try RunFixtures()
    try fixtures.run("run") { $0.steps = 1 }
    try picture(48, 32, seed: 99).writePNG(to: fixtures.folder.path("images/0.png"))
    let found = problem { try fixtures.run("run", start: .resume) }
    #expect(found?.what == "cannot resume the run" && found?.why.contains("images") == true)
  }

  @Test("has no way to a label: what lies in a folder of labels does not matter")
  func sourceFree() throws {
    let fixtures = try RunFixtures()
    let labels = fixtures.folder.path("labels")
    let plain = try bytes(fixtures.run("plain").adaptedSafetensors)
    try FileManager.default.createDirectory(atPath: labels, withIntermediateDirectories: true)
    for i in 0..<6 { _ = try fixtures.folder.file("labels/\(i).png", [1, 2, 3]) }
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: labels)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: labels) }
    #expect(try bytes(fixtures.run("beside").adaptedSafetensors) == plain)
  }

  @Test("names a damaged image before it writes anything")
  func truncated() throws {
    let fixtures = try RunFixtures()
    let path = fixtures.folder.path("images/b/4.png")
    try Data(bytes(path).dropLast(40)).write(to: URL(fileURLWithPath: path))
    let found = try #require(problem { try fixtures.run("run") })
    #expect(found.description.contains("b/4.png") && found.description.contains("truncated"))
    #expect(!FileManager.default.fileExists(atPath: fixtures.folder.path("run")))
    #expect(contents("\(fixtures.cache)/pseudo-labels").isEmpty)
  }

  @Test("writes batches that a replay takes, and replays to its own numbers")
  func dumped() throws {
    let fixtures = try RunFixtures()
    let dumps = fixtures.folder.path("dumps")
    let run = try fixtures.run("run", dump: dumps)
    #expect(contents(dumps) == (1...4).map { "step_00000\($0).safetensors" })
    var settings = fixtures.settings
    settings.steps = 1
    let result = try StepReplay(settings).run(inputs: "\(dumps)/step_000001.safetensors")
    let line = try #require(try objects(run.metrics).first)
    #expect(result.steps[0].report.total == line["total"] as? Double)
    let batch = try CheckpointFile.read("\(dumps)/step_000003.safetensors")
    #expect(batch["pseudo_labels"]?.dtype == .uint8 && batch["pseudo_labels"]?.shape == [2, 16, 24])
    #expect(batch["images_augmented"]?.shape == [2, 3, 16, 24])
  }

  @Test("stops at a loss that is no number, and keeps what was good")
  func diverging() throws {
    let fixtures = try RunFixtures()
    let found = try #require(
      problem {
        try fixtures.run("run") {
          $0.learningRate = 1e30
          $0.checkpointEvery = 1
        }
      })
    #expect(found.what == "the loss is no longer a number" && found.why.contains("of step "))
    #expect(!contents(fixtures.folder.path("run/checkpoints")).isEmpty)
  }

  @Test("fills in sizes from the first image, and refuses those the network does not take")
  func sizes() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run") {
      ($0.size, $0.crop) = (nil, nil)
      $0.steps = 1
    }
    let text = String(decoding: try bytes(run.config), as: UTF8.self)
    #expect(text.contains("  size: 48x32\n") && text.contains("  crop: 24x16\n"))
    let found = problem { try fixtures.run("odd") { $0.crop = PixelSize(width: 20, height: 16) } }
    #expect(found?.place == "--crop 20x16" && found?.remedy.contains("24x16") == true)
  }
}

/// A number that closures share.
private final class Counter { var value = 0 }
/// Lines that closures share.
private final class Notes { var lines: [String] = [] }
