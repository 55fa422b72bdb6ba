// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

/// Runs of six steps that look at their network after every second one.
@Suite("A run that looks at its network without labels")
struct WatchTests {
  private var fixtures: RunFixtures

  init() throws {
    Machine.threads = 1
    fixtures = try RunFixtures()
    fixtures.settings.steps = 6
    fixtures.settings.selectEvery = 2
    fixtures.settings.selection.images = 3
    fixtures.settings.selection.pixels = 100
  }

  /// The lines without their seconds.
  private func lines(_ run: RunFolder) throws -> String {
    String(decoding: try bytes(run.selection), as: UTF8.self)
      .replacing(/"seconds": [0-9.e-]+/, with: "")
  }

  @Test("logs a line before the first step, after each that is due and after the last")
  func logged() throws {
    let run = try fixtures.run("run") { $0.steps = 5 }
    let found = try objects(run.selection)
    #expect(found.map { $0["step"] as? Int } == [0, 2, 4, 5])
    let keys: Set = [
      "step", "im", "snd", "bnm", "mixval", "geometric", "entropy", "drift", "histogram", "vanished",
      "seconds",
    ]
    for line in found {
      #expect(Set(line.keys) == keys)
      let histogram = try #require(line["histogram"] as? [Double])
      #expect(histogram.count == 11 && abs(histogram.reduce(0, +) - 1) < 1e-9)
      for key in keys.subtracting(["histogram", "vanished"]) { #expect(line[key] is Double, "\(key)") }
    }
    #expect(found[0]["drift"] as? Double == 0 && found[0]["vanished"] as? [String] == [])
    #expect(found[1]["snd"] as? Double != found[2]["snd"] as? Double)
  }

  @Test(
    "gives the same bytes and the same metrics as one that does not look",
    arguments: [AdaptationSettings.Profile.paper, .reference, .recommended])
  func unchanged(_ profile: AdaptationSettings.Profile) throws {
    var fixtures = fixtures
    fixtures.settings.applyBriefly(profile)
    let looking = try fixtures.run("looking") { $0.selectEvery = 1 }
    let blind = try fixtures.run("blind") { $0.selectEvery = 0 }
    #expect(!FileManager.default.fileExists(atPath: blind.selection))
    #expect(try bytes(looking.adaptedSafetensors) == bytes(blind.adaptedSafetensors))
    let last = "step-000006.safetensors"
    #expect(try bytes("\(looking.checkpoints)/\(last)") == bytes("\(blind.checkpoints)/\(last)"))
    func totals(_ run: RunFolder) throws -> [Double?] {
      try objects(run.metrics).map { $0["total"] as? Double }
    }
    #expect(try totals(looking) == totals(blind))
  }

  @Test(
    "looks at the network with its stored statistics, or those of the looked-at images where it ends with such",
    arguments: [AdaptationSettings.Statistics.source, .target])
  func evaluation(_ final: AdaptationSettings.Statistics) throws {
    let run = try fixtures.run("run") { $0.finalStatistics = final }
    let last = try #require(try objects(run.selection).last)
    let settings = try AdaptationSettings(ofRun: run)
    let size = try #require(settings.size)
    let subset = try SelectionSubset(
      of: ImageList(at: fixtures.images), at: size, most: 3, pixels: 100, seed: settings.seed)
    let network = try NetworkFile.load(run.adaptedSafetensors).network
    if final == .target {
      try reestimateStatistics(of: network, batches: 1) { _ in network.input(subset.images) }
    }
    let scores = try SelectionScorer(subset).score(network)
    for criterion in [Criterion.im, .snd, .bnm, .mixval, .geometric, .entropy] {
      let (found, expected) = (try #require(last[criterion.rawValue] as? Double), scores[criterion] ?? 0)
      #expect(abs(found - expected) < 1e-12, "\(criterion)")
    }
    let histogram = try #require(last["histogram"] as? [Double])
    #expect(zip(histogram, scores.histogram).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("logs the same lines when it is stopped, in steps or in a look, and goes on", arguments: [3, 4])
  func resumed(_ stop: Int) throws {
    let whole = try lines(fixtures.run("whole"))
    var (done, looks, isLooking) = (0, 0, false)
    var observer = RunObserver()
    observer.step = { _ in done += 1 }
    observer.begin = { name, _ in
      isLooking = name == "selection"
      looks += isLooking ? 1 : 0
    }
    // After step 3, or in the look after step 4.
    observer.stopSignal = { (stop == 3 ? done == 3 : isLooking && looks == 3) ? 15 : nil }
    let path = fixtures.folder.path("parts")
    #expect(throws: Interruption(signal: 15, resumable: path)) {
      try fixtures.run("parts", observer: observer)
    }
    #expect(try objects(RunFolder(path).selection).map { $0["step"] as? Int } == [0, 2])
    let parts = try fixtures.run("parts", start: .resume)
    #expect(try lines(parts) == whole)
    #expect(try bytes(parts.adaptedSafetensors) == bytes(fixtures.folder.path("whole/adapted.safetensors")))
  }

  @Test("drops lines of lost work, and makes the first anew where it is gone")
  func lost() throws {
    let whole = try fixtures.run("whole")
    let all = try lines(whole)
    let text = String(decoding: try bytes(whole.selection), as: UTF8.self)
    for kept in [text + "{\"step\": 8, \"histogram\": [1], \"vanished\": [], \"seconds\": 1}\n{\"st", ""] {
      try AtomicFile.write(kept, to: whole.selection)
      try fixtures.run("whole", start: .resume)
      // What is lost of steps that are done cannot be made again, but for the first and the last.
      let expected = kept.isEmpty ? try objects(whole.selection).count == 2 : try lines(whole) == all
      #expect(expected, "\(kept.isEmpty)")
    }
  }

  @Test("may look more rarely when it goes on, and not at other images")
  func changed() throws {
    let run = try fixtures.run("run") { $0.steps = 2 }
    let found = problem { try fixtures.run("run", start: .resume) { $0.selection.images = 2 } }
    #expect(found?.what.contains("selection.images") == true)
    try fixtures.run("run", start: .resume) { $0.selectEvery = 5 }
    #expect(try objects(run.selection).map { $0["step"] as? Int } == [0, 2, 5, 6])
  }

  // MARK: Collapse

  /// A run that calls more than a drift a collapse.
  private func drifting(
    _ policy: CollapsePolicy, _ name: String, bound: Double, start: RunStart = .new(overwrite: false)
  ) throws -> (notes: [String], problem: Problem?) {
    var notes: [String] = []
    var observer = RunObserver()
    observer.note = { notes.append($0) }
    let found = problem {
      try fixtures.run(name, start: start, observer: observer) {
        ($0.collapse, $0.checkpointKeep, $0.checkpointEvery) = (policy, 1, 1)
        // From statistics of the target on, or they alone would change much.
        ($0.initialStatistics, $0.finalStatistics) = (.target, .target)
        $0.iapc.weights.entropy = 0.2
        ($0.learningRate, $0.warmUp, $0.collapseDrift) = (0.005, 0, bound)
      }
    }
    return (notes.filter { $0.contains("collapsed") }, found)
  }

  /// A drift that such a run passes after its second step and before its fourth.
  private func bound() throws -> Double {
    _ = try drifting(.off, "free", bound: 1000)
    let found = try objects(fixtures.folder.path("free/selection.jsonl"))
    let drifts = found.compactMap { $0["drift"] as? Double }
    try #require(drifts.count == 4 && drifts[1] < drifts[2] && drifts[2] <= drifts[3], "\(drifts)")
    try #require(found[1]["vanished"] as? [String] == [], "\(found[1])")
    return (drifts[1] + drifts[2]) / 2
  }

  @Test("warns of a collapse and keeps the checkpoint from before")
  func warned() throws {
    let (notes, found) = try drifting(.warn, "run", bound: bound())
    let run = RunFolder(fixtures.folder.path("run"))
    #expect(found == nil && notes.count == 2)
    #expect(contents(run.checkpoints) == ["step-000002.safetensors", "step-000006.safetensors"])
    #expect(notes.allSatisfy { $0.hasSuffix("is kept: \(run.checkpoints)/step-000002.safetensors") })
    #expect(notes.first?.contains("at step 4: the class shares moved by ") == true)
  }

  @Test("stops at a collapse where that is asked for, names what is wrong, and goes on where it is not")
  func stopped() throws {
    let bound = try bound()
    let (notes, found) = try drifting(.stop, "run", bound: bound)
    let run = RunFolder(fixtures.folder.path("run"))
    let problem = try #require(found)
    #expect(notes.isEmpty && problem.what == "the network seems to have collapsed")
    #expect(problem.place == "step 4" && problem.why.contains("selection.collapse_kl"))
    #expect(
      problem.remedy.contains("\(run.checkpoints)/step-000002.safetensors")
        && !problem.description.contains("\n"))
    #expect(!FileManager.default.fileExists(atPath: run.adaptedSafetensors))
    #expect(contents(run.checkpoints) == ["step-000002.safetensors", "step-000004.safetensors"])
    #expect(try drifting(.warn, "run", bound: bound, start: .resume).problem == nil)
    #expect(FileManager.default.fileExists(atPath: run.adaptedSafetensors))
  }

  @Test("says nothing of a collapse and keeps no more than usual where that is off")
  func off() throws {
    let (notes, found) = try drifting(.off, "run", bound: 1e-12)
    #expect(found == nil && notes.isEmpty)
    #expect(contents(fixtures.folder.path("run/checkpoints")) == ["step-000006.safetensors"])
  }
}
