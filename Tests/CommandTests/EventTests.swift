// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What `--events` tells programs.
@Suite struct EventTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private typealias Event = [String: Any]

  private func names(_ events: [Event]) -> [String] { events.compactMap { $0["event"] as? String } }

  private func events(_ name: String, of all: [Event]) -> [Event] {
    all.filter { $0["event"] as? String == name }
  }

  private func evaluation(_ more: String...) -> [String] {
    [
      "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels,
      "--label-space", "camvid11",
    ] + more
  }

  @Test("A run tells its start, plan, phases, steps, scores, checkpoints and files, and is the same run")
  func adapt() throws {
    try withTemporaryFolder { folder in
      let (run, file) = (folder.path("run"), folder.path("events.jsonl"))
      try done(
        sample.adapt(
          to: run, "--steps", "3", "--set", "selection.every=1", "--events", file))
      let all = try jsonLines(file)
      let times = all.compactMap { $0["time"] as? Double }
      #expect(times.count == all.count && times == times.sorted())

      let started = try #require(all.first)
      #expect(started["event"] as? String == "started" && started["command"] as? String == "adapt")
      #expect(started["version"] as? Int == 1)
      #expect((started["arguments"] as? [String])?.contains("--crop") == true)
      #expect(events("plan", of: all).first?["steps"] as? Int == 3)
      let begun = try #require(events("run", of: all).first)
      #expect(begun["folder"] as? String == run && begun["step"] as? Int == 0 && begun["steps"] as? Int == 3)

      let phases = events("phase", of: all)
      #expect(phases.contains { $0["phase"] as? String == "pseudo-labels" && $0["total"] as? Int == 5 })
      let labeled = events("progress", of: all).filter { $0["phase"] as? String == "pseudo-labels" }
      #expect(labeled.last?["done"] as? Int == 5)

      let steps = events("step", of: all)
      let metrics = try jsonLines("\(run)/metrics.jsonl")
      #expect(steps.compactMap { $0["step"] as? Int } == [1, 2, 3])
      #expect(steps.compactMap { $0["total"] as? Double } == metrics.compactMap { $0["total"] as? Double })
      let points = events("selection", of: all).compactMap { $0["step"] as? Int }
      #expect(points == (try jsonLines("\(run)/selection.jsonl").compactMap { $0["step"] as? Int }))
      let saved = try #require(events("checkpoint", of: all).last)
      #expect(saved["step"] as? Int == 3)
      #expect(exists(try #require(saved["file"] as? String)))

      let ended = try #require(all.last)
      #expect(ended["event"] as? String == "ended" && ended["status"] as? Int == 0)
      let files = try #require(ended["files"] as? [String: String])
      #expect(files["pth"] == "\(run)/adapted.pth" && files["report"] == "\(run)/report.html")
      #expect(files["script"] == nil)
      for file in files.values { #expect(exists(file)) }
      #expect(try bytes("\(run)/adapted.safetensors") == PlainRun.bytes.get())
    }
  }

  @Test("Training tells its scores")
  func train() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("events.jsonl")
      try done([
        "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
        "--validation-images", sample.images, "--validation-labels", sample.labels, "--size", "64x48",
        "--crop", "32x24", "--batch", "2", "--steps", "2", "--evaluate-every", "1", "--output",
        folder.path("run"), "--events", file,
      ])
      let all = try jsonLines(file)
      let scores = events("score", of: all)
      #expect(
        scores.compactMap { $0["step"] as? Int } == [1, 2] && scores.allSatisfy { $0["mIoU"] is Double })
      let files = try #require(all.last?["files"] as? [String: String])
      #expect(files["best_pth"] == folder.path("run/best.pth"))
    }
  }

  @Test("Events go to an open descriptor, whose number is named")
  func descriptor() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("events.jsonl")
      let outcome = try shell(#"exec "$0" "$@" 3>\#(file)"#, evaluation("--events", "3"))
      #expect(outcome.status == 0, "\(outcome.errors)")
      let all = try jsonLines(file)
      #expect(names(all).first == "started" && names(all).last == "ended")
      #expect(events("progress", of: all).last?["done"] as? Int == 5)
    }
  }

  @Test("An error is told with its parts, and is the last event")
  func error() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("events.jsonl")
      try expectError(
        sample.adapt(to: folder.path("run"), "--weights", folder.path("none.pth"), "--events", file),
        saying: "none.pth")
      let told = try #require(try jsonLines(file).last)
      #expect(told["event"] as? String == "error" && told["status"] as? Int == 1)
      for part in ["what", "where", "why", "remedy"] { #expect((told[part] as? String)?.isEmpty == false) }
    }
  }

  @Test("A command line that means nothing is an error of status 64")
  func usage() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("events.jsonl")
      let outcome = try iapc("adapt", "--output", folder.path("run"), "--events", file)
      #expect(outcome.status == 64)
      #expect(try jsonLines(file).last?["status"] as? Int == 64)
    }
  }

  @Test("A stop is told with the folder to go on from, and going on tells from which step")
  func stop() throws {
    try withTemporaryFolder { folder in
      let (run, file) = (folder.path("run"), folder.path("events.jsonl"))
      let command = try Command(sample.adapt(to: run, "--steps", "4000", "--events", file))
      awaitSteps(2, of: run)
      command.send(SIGINT)
      #expect(try command.outcome().status == 130)
      let told = try #require(try jsonLines(file).last)
      #expect(told["event"] as? String == "stopped" && told["signal"] as? Int == 2)
      #expect(told["resume"] as? String == run && told["status"] as? Int == 130)
      let step = try #require(events("checkpoint", of: jsonLines(file)).last?["step"] as? Int)
      try done(["adapt", "--resume", run, "--steps", "\(step + 1)", "--events", file])
      let all = try jsonLines(file)
      #expect(events("run", of: all).first?["step"] as? Int == step && names(all).last == "ended")
    }
  }

  @Test(
    "Events that cannot be written any more end with a note, and the run goes on",
    .enabled(if: exists("/dev/full")))
  func full() throws {
    try withTemporaryFolder { folder in
      for events in ["--events /dev/full", "--events 3 3>/dev/full"] {
        let run = folder.path("run")
        let line = #"exec "$0" "$@" --overwrite \#(events)"#
        let outcome = try shell(line, sample.adapt(to: run, "--steps", "3"))
        #expect(outcome.status == 0 && outcome.exited, "\(outcome.errors)")
        let notes = outcome.errorLines.filter { $0.hasPrefix("note: no more events are written to ") }
        #expect(notes.count == 1 && notes[0].contains("No space left on device"), "\(outcome.errors)")
        #expect(try bytes("\(run)/adapted.safetensors") == PlainRun.bytes.get())
      }
    }
  }

  @Test("A run goes on where the reader of its events has gone")
  func unread() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let line = #"{ "$0" "$@" --events 3 3>&1 >/dev/null; echo $? >\#(folder.path("status")); } | true"#
      _ = try shell(line, sample.adapt(to: run, "--steps", "3"))
      #expect(try text(folder.path("status")) == "0\n")
      #expect(try bytes("\(run)/adapted.safetensors") == PlainRun.bytes.get())
    }
  }

  @Test(
    "A place that cannot take events is an error before the work",
    arguments: [
      ("77", "no such descriptor"), ("nowhere/events.jsonl", "No such file"),
    ])
  func place(_ place: String, why: String) throws {
    try withTemporaryFolder { folder in
      try expectError(
        sample.adapt(to: folder.path("run"), "--events", place),
        saying: "cannot write events", "--events \(place)", why)
      #expect(!exists(folder.path("run")))
    }
  }

  @Test("A descriptor that is read from cannot take events")
  func readOnly() throws {
    try withTemporaryFolder { folder in
      let line = #"exec "$0" "$@" --events 3 3</dev/null"#
      let outcome = try shell(line, sample.adapt(to: folder.path("run")))
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("the descriptor is open for reading only"), "\(outcome.errors)")
      #expect(!exists(folder.path("run")))
    }
  }

  @Test("Of several processes the first tells of the work, once")
  func processes() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("events.jsonl")
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--batch", "4", "--steps", "2", "--processes", "2", "--events", file))
      let all = try jsonLines(file)
      #expect(names(all).filter { $0 == "started" }.count == 1 && names(all).last == "ended")
      #expect(events("step", of: all).compactMap { $0["step"] as? Int } == [1, 2])
    }
  }
}

/// The same small run without events; made once.
private enum PlainRun {
  static let bytes = Result {
    try CommandTests.bytes("\(Sample.make().run)/adapted.safetensors")
  }
}
