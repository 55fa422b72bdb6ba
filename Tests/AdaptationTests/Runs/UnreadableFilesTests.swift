// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing
import Torch

/// Files that were good when the run checked them, and are no longer when it reads them.
@Suite("A run whose files become unreadable")
struct UnreadableFilesTests {
  init() { Machine.threads = 1 }

  /// Keeps the notes but the plan's, and calls a body when a piece of work begins or a step is done.
  private func observer(
    _ notes: Box<[String]> = Box([]), at work: String = "", step: Int = 0, _ body: @escaping () -> Void
  ) -> RunObserver {
    var observer = RunObserver()
    observer.note = { if !$0.hasPrefix("plan: ") { notes.value.append($0) } }
    observer.begin = { name, _ in if name == work { body() } }
    observer.step = { if $0.step == step { body() } }
    return observer
  }

  private func cut(_ path: String) {
    guard let whole = FileManager.default.contents(atPath: path), whole.count > 60 else { return }
    try? whole.dropLast(40).write(to: URL(fileURLWithPath: path))
  }

  @Test("goes on without them, names each once, and ends with the same bytes for any number of workers")
  func adapt() throws {
    var results: [[UInt8]] = []
    for workers in [0, 1, 3] {
      var fixtures = try RunFixtures()
      // Statistics are estimated after the steps, too.
      (fixtures.settings.finalStatistics, fixtures.settings.mostUnreadable) = (.target, 2)
      let (first, second) = (fixtures.folder.path("images/1.png"), fixtures.folder.path("images/b/4.png"))
      let notes = Box<[String]>([])
      let watch = observer(notes, at: "adapt") {
        cut(first)
        try? FileManager.default.removeItem(atPath: second)
      }
      let run = try fixtures.run("run", observer: watch) { ($0.workers, $0.steps) = (workers, 8) }
      results.append(try bytes(run.adaptedSafetensors))
      #expect(notes.value.count == 2, "\(notes.value)")
      #expect(notes.value.contains { $0.contains(first) && $0.contains("truncated") })
      #expect(notes.value.contains { $0.contains(second) && $0.contains("no such file") })
      #expect(try objects(run.metrics).count == 8)
      if workers == 0 {
        let untouched = try RunFixtures()
        let plain = try untouched.run("plain") { ($0.finalStatistics, $0.steps) = (.target, 8) }
        #expect(try bytes(plain.adaptedSafetensors) != results[0])
      }
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test("ends at one more than it bears, at the same step for any number of workers")
  func tooMany() throws {
    var steps: Set<Int> = []
    for workers in [0, 1, 3] {
      let fixtures = try RunFixtures()
      let paths = ["images/0.png", "images/2.png", "images/b/5.png"].map { fixtures.folder.path($0) }
      let notes = Box<[String]>([])
      let found = try #require(
        problem {
          try fixtures.run("run", observer: observer(notes, at: "adapt") { paths.forEach(cut) }) {
            ($0.workers, $0.mostUnreadable, $0.steps) = (workers, 2, 30)
          }
        })
      #expect(found.what == "too many files became unreadable during the run" && paths.contains(found.place))
      #expect(found.why.contains("3 different files, data.max_unreadable allows 2"))
      #expect(found.why.contains("truncated") && found.remedy.contains("--resume"))
      #expect(notes.value.count == 2 && !notes.value.contains { $0.contains(found.place) })
      steps.insert(try objects(fixtures.folder.path("run/metrics.jsonl")).count)
    }
    #expect(steps.count == 1)
  }

  @Test("ends at the first where none may be, and where nothing is left to read")
  func none() throws {
    let fixtures = try RunFixtures()
    let all = ["0", "1", "2", "b/3", "b/4", "b/5"].map { fixtures.folder.path("images/\($0).png") }
    func found(_ name: String, _ most: Int, _ bad: [String]) -> Problem? {
      problem {
        try fixtures.run(name, observer: observer(at: "adapt") { bad.forEach(cut) }) {
          ($0.mostUnreadable, $0.steps) = (most, 30)
        }
      }
    }
    #expect(found("strict", 0, [all[3]])?.place == all[3])
    let whole = try RunFixtures()
    let last = problem {
      let files = all.map { whole.folder.path("images" + $0.components(separatedBy: "images")[1]) }
      try whole.run("run", observer: observer(at: "adapt") { files.forEach(cut) })
    }
    #expect(last?.why.contains("none of the files can be read") == true)
  }

  @Test("bears one that vanishes between steps")
  func vanished() throws {
    let fixtures = try RunFixtures()
    let path = fixtures.folder.path("images/b/3.png")
    let notes = Box<[String]>([])
    let watch = observer(notes, step: 2) { try? FileManager.default.removeItem(atPath: path) }
    let run = try fixtures.run("run", observer: watch) { ($0.workers, $0.steps) = (3, 20) }
    #expect(notes.value.count == 1 && notes.value[0].contains(path))
    #expect(try objects(run.metrics).count == 20)
  }

  @Test("is resumed once they are back, counts anew, and ends as the same run without a stop")
  func resumed() throws {
    let fixtures = try RunFixtures()
    let path = fixtures.folder.path("images/0.png")
    let good = try bytes(path)
    func restore() { try? Data(good).write(to: URL(fileURLWithPath: path)) }
    func watch(_ notes: Box<[String]>, stop: Bool) -> RunObserver {
      let done = Box(0)
      var watch = observer(notes, at: "adapt") { cut(path) }
      watch.step = {
        done.value = $0.step
        if !stop, $0.step == 3 { restore() }
      }
      watch.stopSignal = { stop && done.value == 3 ? 15 : nil }
      return watch
    }
    let change = { (settings: inout AdaptationSettings) in
      (settings.workers, settings.steps, settings.mostUnreadable) = (0, 6, 1)
    }
    let notes = Box<[String]>([])
    let whole = try bytes(
      fixtures.run("whole", observer: watch(notes, stop: false), change).adaptedSafetensors)
    #expect(notes.value.filter { $0.contains(path) }.count == 1)
    #expect(throws: Interruption.self) {
      try fixtures.run("parts", observer: watch(Box([]), stop: true), change)
    }
    let refused = problem { try fixtures.run("parts", start: .resume, change) }
    #expect(refused?.why.contains("its images have changed") == true)
    restore()
    let other = fixtures.folder.path("images/b/4.png")
    let parts = try fixtures.run("parts", start: .resume, change)
    #expect(try bytes(parts.adaptedSafetensors) == whole)
    let again = Box<[String]>([])
    let longer = try fixtures.run(
      "parts", start: .resume, observer: observer(again, at: "adapt") { cut(other) }
    ) {
      change(&$0)
      $0.steps = 20
    }
    #expect(again.value.filter { $0.contains(other) }.count == 1)
    #expect(try objects(longer.metrics).count == 20)
  }

  @Test("of train passes over a damaged image and a damaged label alike", arguments: [false, true])
  func train(_ rareClasses: Bool) throws {
    var results: [[UInt8]] = []
    for workers in [0, 1, 3] {
      let fixtures = try TrainingFixtures()
      let paths = ["images/1.png", "labels/4.png"].map { fixtures.folder.path("train/\($0)") }
      let notes = Box<[String]>([])
      let run = try fixtures.train("run", observer: observer(notes, at: "train") { paths.forEach(cut) }) {
        ($0.workers, $0.mostUnreadable, $0.steps) = (workers, 2, 12)
        $0.rareClasses.sampling = rareClasses
      }
      results.append(try bytes(run.weights("last").safetensors))
      #expect(
        notes.value.count == 2 && paths.allSatisfy { path in notes.value.contains { $0.contains(path) } })
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    let fixtures = try TrainingFixtures()
    let path = fixtures.folder.path("train/labels/4.png")
    let found = problem {
      try fixtures.train("run", observer: observer(at: "train") { cut(path) }) {
        ($0.mostUnreadable, $0.steps) = (0, 12)
      }
    }
    #expect(found?.place == path && found?.why.contains("data.max_unreadable allows 0") == true)
  }

  @Test("names the images of a step whose loss is no number")
  func stopLine() throws {
    let fixtures = try RunFixtures()
    let found = try #require(problem { try fixtures.run("run") { $0.learningRate = 1e30 } })
    let names = found.place.components(separatedBy: fixtures.images + "/").dropFirst()
    #expect(names.count == 2 && names.allSatisfy { $0.contains(".png") }, "\(found)")
  }
}

/// A value that closures share.
private final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
