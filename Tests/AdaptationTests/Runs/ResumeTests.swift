// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("A run that goes on")
struct ResumeTests {
  init() { Machine.threads = 1 }

  private func replace(_ old: String, _ new: String, in path: String) throws {
    let text = String(decoding: try bytes(path), as: UTF8.self)
    #expect(text.contains(old))
    try Data(text.replacing(old, with: new).utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test("refuses by name what decides results and is another than when it began")
  func settings() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run") { $0.steps = 1 }
    for (change, name, old, new) in [
      ({ $0.seed = 2 }, "runtime.seed", "1", "2"),
      ({ $0.iapc.weights.entropy = 0.5 }, "loss_weights.im", "2", "0.5"),
      ({ $0.batch = 3 }, "data.batch_size", "2", "3"),
    ] as [((inout AdaptationSettings) -> Void, String, String, String)] {
      let found = problem { try fixtures.run("run", start: .resume, change) }
      #expect(found?.what == "cannot resume the run with another \(name)" && found?.place == run.path)
      #expect(found?.why == "it began with \(old), now it is \(new)")
    }
    let trained = try TrainingFixtures()
    try trained.train("run")
    let found = problem { try trained.train("run", .resume) { $0.momentum = 0.5 } }
    #expect(found?.what == "cannot resume the run with another optimizer.momentum")
  }

  @Test("may have other places, threads and checkpoints, and gives the same bytes")
  func free() throws {
    let fixtures = try RunFixtures()
    let whole = try bytes(fixtures.run("whole").adaptedSafetensors)
    try fixtures.run("run") { $0.steps = 2 }
    let files = FileManager.default
    try files.moveItem(atPath: fixtures.folder.path("run"), toPath: fixtures.folder.path("moved"))
    try files.moveItem(atPath: fixtures.images, toPath: fixtures.folder.path("pictures"))
    try files.copyItem(atPath: fixtures.settings.weightsFile, toPath: fixtures.folder.path("w.safetensors"))
    let run = try fixtures.run("moved", start: .resume) {
      ($0.weightsFile, $0.target.images) = (
        fixtures.folder.path("w.safetensors"), fixtures.folder.path("pictures")
      )
      ($0.workers, $0.checkpointEvery, $0.checkpointKeep, $0.notFinite) = (2, 1, 5, .skip)
    }
    #expect(try bytes(run.adaptedSafetensors) == whole)
    #expect(contents(run.checkpoints) == (2...4).map { "step-00000\($0).safetensors" })
  }

  @Test("says in a line what computes otherwise than where it began")
  func machine() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run") { $0.steps = 1 }
    try replace("\"threads\" : 1", "\"threads\" : 7", in: run.manifest)
    try replace("\"libtorch\" : \"\(Machine.torchVersion)\"", "\"libtorch\" : \"1.0\"", in: run.manifest)
    let notes = Notes()
    try fixtures.run("run", start: .resume, observer: notes.observer)
    let note = notes.lines.first { $0.hasPrefix("goes on with ") }
    #expect(note?.contains("libtorch \(Machine.torchVersion) (was 1.0), threads 1 (was 7)") == true)
    try fixtures.run("again") { $0.steps = 1 }
    let none = Notes()
    try fixtures.run("again", start: .resume, observer: none.observer)
    #expect(none.lines.allSatisfy { !$0.hasPrefix("goes on with ") })
  }

  @Test("takes the config's settings where it began before manifests held them")
  func oldManifest() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("run") { $0.steps = 1 }
    var manifest = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes(run.manifest))) as? [String: Any])
    manifest["settings"] = nil
    try JSONSerialization.data(withJSONObject: manifest).write(to: URL(fileURLWithPath: run.manifest))
    #expect(throws: Never.self) { try fixtures.run("run", start: .resume) }
  }

  @Test("leaves nothing of a step that was skipped but its line", arguments: [true, false])
  func skipped(_ adapt: Bool) throws {
    // The first step throws the weights so far that no later one gives a number.
    let folder: RunFolder
    let found: Problem?
    if adapt {
      let fixtures = try RunFixtures()
      folder = RunFolder(fixtures.folder.path("run"))
      found = problem {
        try fixtures.run("run") {
          ($0.learningRate, $0.steps, $0.checkpointEvery, $0.checkpointKeep) = (1e30, 9, 1, 9)
          ($0.notFinite, $0.mostSkipped) = (.skip, 2)
        }
      }
      try check(folder, found, mayDiffer: "teacher")
    } else {
      let fixtures = try TrainingFixtures()
      folder = RunFolder(fixtures.folder.path("run"))
      found = problem {
        try fixtures.train("run") {
          ($0.learningRate, $0.steps, $0.checkpointEvery, $0.checkpointKeep) = (1e30, 9, 1, 9)
          ($0.notFinite, $0.mostSkipped) = (.skip, 2)
        }
      }
      try check(folder, found, mayDiffer: nil)
    }
  }

  /// Compares the checkpoints before and after the skipped steps that ended a run.
  private func check(_ folder: RunFolder, _ found: Problem?, mayDiffer prefix: String?) throws {
    #expect(
      found?.what.hasSuffix("is no longer a number") == true
        && found?.why.contains("runtime.max_skipped") == true)
    let lines = try objects(folder.metrics)
    let skipped = lines.filter { $0["skipped"] as? Bool == true }.compactMap { $0["step"] as? Int }
    #expect(skipped == [lines.count - 1, lines.count])
    let states = try contents(folder.checkpoints).suffix(3).map { name in
      try CheckpointFile.read("\(folder.checkpoints)/\(name)").tensors.filter { entry in
        prefix.map { !entry.name.hasPrefix($0) } ?? true
      }
    }
    #expect(states.count == 3)
    for state in states.dropFirst() {
      #expect(state.map(\.name) == states[0].map(\.name))
      for (mine, before) in zip(state, states[0]) { #expect(mine.tensor == before.tensor, "\(mine.name)") }
    }
  }

  @Test("of training says so where scores are missing")
  func missingScore() throws {
    var fixtures = try TrainingFixtures()
    fixtures.validate(every: 2)
    let run = try fixtures.train("run")
    let lines = String(decoding: try bytes(run.evaluations), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 3)
    try Data("\(lines[1])\n\(lines[2].prefix(30))".utf8).write(to: URL(fileURLWithPath: run.evaluations))
    let notes = Notes()
    try fixtures.train("run", .resume, observer: notes.observer)
    #expect(notes.lines.contains { $0.hasPrefix("\(run.evaluations) lacks 1 scores, the first of step 2") })
    let after = String(decoding: try bytes(run.evaluations), as: UTF8.self).split(separator: "\n")
    #expect(Array(after) == Array(lines[1...]))
  }
}

/// Lines that an observer is told.
private final class Notes {
  var lines: [String] = []
  var observer: RunObserver {
    var observer = RunObserver()
    observer.note = { self.lines.append($0) }
    return observer
  }
}
