// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Whether strace is there and may trace; a sandbox can forbid it.
private let canTrace: Bool = {
  guard let strace = systemProgram("strace"), let program = systemProgram("true") else { return false }
  return (try? Command(["-f", "-o", "/dev/null", program], program: strace).outcome().status) == 0
}()

@Suite struct AdaptTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test(
    "An option goes before --set, that before the config file, then the profile, then the default"
  )
  func precedence() throws {
    try withTemporaryFolder { folder in
      let config = try folder.file(
        "run.yaml",
        Array(
          """
          profile: reference
          schedule.steps: 4
          optimizer.learning_rate: 4e-4
          optimizer.backbone_updates: 2
          runtime.seed: 4
          loss_weights: {ia: 0.3, im: 0.4}
          """.utf8))
      let run = folder.path("run")
      try done(
        sample.adapt(
          to: run, "--config", config, "--set", "optimizer.learning_rate=3e-4", "--set", "schedule.steps=3",
          "--set", "loss_weights.im=0.6", "--steps", "1"))
      #expect(try setting("schedule.steps", of: run) == "1")
      #expect(try setting("optimizer.learning_rate", of: run) == "0.0003")
      #expect(try setting("loss_weights.im", of: run) == "0.6")
      #expect(try setting("loss_weights.ia", of: run) == "0.3")
      #expect(try setting("runtime.seed", of: run) == "4")
      #expect(try setting("optimizer.backbone_updates", of: run) == "2")
      #expect(try setting("method.importance", of: run) == "logits")
      #expect(try setting("batch_norm.update_pass", of: run) == "on")
      #expect(try setting("loss_weights.pe", of: run) == "0.5")
    }
  }

  @Test("--profile goes before the config file's profile")
  func profile() throws {
    try withTemporaryFolder { folder in
      let config = try folder.file("run.yaml", Array("profile: reference\n".utf8))
      try done(sample.adapt(to: folder.path("run"), "--config", config, "--profile", "paper", "--steps", "1"))
      #expect(try setting("profile", of: folder.path("run")) == "paper")
      #expect(try setting("method.importance", of: folder.path("run")) == "probabilities")
      #expect(try setting("batch_norm.update_pass", of: folder.path("run")) == "off")
    }
  }

  @Test(
    "A second run into a run folder is refused; --overwrite replaces the run and nothing else"
  )
  func overwrite() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--steps", "1"))
      let notes = try folder.file("run/notes.txt", Array("mine".utf8))
      let before = (listing(run), try bytes("\(run)/manifest.json"))
      try expectError(sample.adapt(to: run, "--steps", "2"), saying: "--resume \(run)", "--overwrite")
      #expect(listing(run) == before.0)
      #expect(try bytes("\(run)/manifest.json") == before.1)
      try done(sample.adapt(to: run, "--steps", "2", "--overwrite"))
      #expect(try jsonLines("\(run)/metrics.jsonl").count == 2)
      #expect(listing("\(run)/checkpoints") == ["step-000002.safetensors"])
      #expect(try text(notes) == "mine")
    }
  }

  @Test("--overwrite keeps the old run where the new one cannot begin")
  func overwriteByNothing() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--steps", "1"))
      let before = try bytes("\(run)/adapted.pth")
      let images = try folder.damagedImages(sample)
      try expectError(
        ["adapt", "--weights", sample.weights, "--images", images, "--output", run, "--overwrite"],
        saying: "truncated")
      #expect(try bytes("\(run)/adapted.pth") == before)
    }
  }

  @Test("--resume with another learning rate is refused and names it; so is changed data")
  func resumeOtherwise() throws {
    try withTemporaryFolder { folder in
      let (run, images) = (folder.path("run"), folder.path("images"))
      try FileManager.default.copyItem(atPath: sample.images, toPath: images)
      try done([
        "adapt", "--weights", sample.weights, "--images", images, "--output", run, "--batch", "2", "--steps",
        "1",
      ])
      let before = try bytes("\(run)/adapted.pth")
      try expectError(
        ["adapt", "--resume", run, "--learning-rate", "1e-3"], saying: "optimizer.learning_rate", "0.005",
        "0.001")
      try FileManager.default.removeItem(atPath: "\(images)/noon_00004.png")
      try expectError(["adapt", "--resume", run], saying: "its images have changed")
      #expect(try bytes("\(run)/adapted.pth") == before)
    }
  }

  @Test("--resume of a run whose config.yaml was changed by hand is refused and names the setting")
  func resumeEdited() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--steps", "1"))
      let config = try text("\(run)/config.yaml")
      func edit(_ old: String, _ new: String) throws {
        #expect(config.contains(old))
        _ = try folder.file("run/config.yaml", Array(config.replacing(old, with: new).utf8))
      }
      try edit("  seed: 1\n", "  seed: 7\n")
      try expectError(
        ["adapt", "--resume", run], saying: "with another runtime.seed", "it began with 1, now it is 7",
        "config.yaml"
      )
      try edit("  workers: 1\n", "  workers: 2\n")
      try done(["adapt", "--resume", run, "--set", "runtime.on_nan=skip"])
    }
  }

  @Test("No file of a label folder beside the images is opened", .enabled(if: canTrace, "needs strace"))
  func sourceFreeByTrace() throws {
    try withTemporaryFolder { folder in
      let strace = try #require(systemProgram("strace"))
      let binary = try #require(Command.binary)
      let data = try folder.folder("data", [(sample.images, "images"), (sample.labels, "labels")])
      let trace = folder.path("trace.txt")
      // A sanitizer's search for leaks traces too, and a process has but one tracer.
      let arguments =
        [
          "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-e", "trace=open,openat,openat2", "-o", trace, binary,
          "adapt", "--weights", sample.weights, "--images",
        ]
        + ["\(data)/images", "--output", folder.path("run"), "--batch", "2", "--steps", "1"]
      let outcome = try Command(arguments, program: strace).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let opened = try text(trace)
      #expect(opened.contains("\(data)/images/noon_00000.png"))
      #expect(!opened.contains("\(data)/labels"))
    }
  }

  @Test("adapt runs to its end with nothing readable among the labels", .timeLimit(.minutes(3)))
  func sourceFree() throws {
    try withTemporaryFolder { folder in
      let data = try folder.folder("data", [(sample.images, "images")])
      for name in try FileManager.default.contentsOfDirectory(atPath: sample.labels) {
        _ = try folder.folder("data/labels")
        // Whoever opens a pipe without a writer waits for ever.
        #expect(mkfifo("\(data)/labels/\(name)", 0o600) == 0)
      }
      try done([
        "adapt", "--weights", sample.weights, "--images", "\(data)/images", "--output", folder.path("run"),
        "--batch", "2",
        "--steps", "1",
      ])
      #expect(exists(folder.path("run/adapted.pth")))
    }
  }
}
