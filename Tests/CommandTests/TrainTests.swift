// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct TrainTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// The arguments of a small training, scored on its own images every second step.
  private func train(to output: String, _ more: String...) -> [String] {
    [
      "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11", "--size",
      "64x48", "--crop", "32x24", "--batch", "2", "--validation-images", sample.images,
      "--validation-labels", sample.labels, "--evaluate-every", "2", "--output", output,
    ] + more
  }

  @Test("train scores the network on the way, keeps the best and the last, and evaluate agrees")
  func scores() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let outcome = try done(train(to: run, "--steps", "5"))
      #expect(
        listing(run)?.filter { !$0.hasPrefix("tensorboard/") } == [
          "best.pth", "best.safetensors", "checkpoints", "checkpoints/step-000005.safetensors", "config.yaml",
          "evaluations.jsonl", "last.pth", "last.safetensors", "manifest.json", "metrics.jsonl",
          "tensorboard",
        ])
      let scores = try jsonLines("\(run)/evaluations.jsonl")
      #expect(scores.map { $0["step"] as? Int } == [2, 4, 5])
      let means = scores.compactMap { $0["mIoU"] as? Double }
      let best = try #require(means.max())
      #expect(outcome.output.contains("\(run)/last.pth") && outcome.output.contains("\(run)/best.pth"))
      #expect(outcome.output.contains(String(format: "mIoU %.2f", 100 * best)))
      #expect(outcome.errors.contains("mIoU \(String(format: "%.2f", 100 * means[0])) at step 2"))
      for (name, mean) in [("best", best), ("last", means[2])] {
        let file = folder.path("\(name).json")
        try done([
          "evaluate", "--weights", "\(run)/\(name).pth", "--images", sample.images, "--labels",
          sample.labels, "--size", "64x48", "--json", file,
        ])
        #expect(abs((try json(file)["mIoU"] as? Double ?? -1) - mean) < 1e-12)
      }
    }
  }

  @Test("A stopped training saves, says how to go on, and ends with the same bytes as one never stopped")
  func stopAndResume() throws {
    try withTemporaryFolder { folder in
      let (run, whole) = (folder.path("run"), folder.path("whole"))
      let options = ["--steps", "40", "--set", "data.rare_class_sampling=on", "--optimizer", "sgd"]
      try done(train(to: whole) + options)
      let command = try Command(train(to: run) + options)
      while command.isRunning, (try? jsonLines("\(run)/metrics.jsonl").count) ?? 0 < 3 { usleep(2000) }
      command.send(SIGINT)
      let stopped = try command.outcome()
      #expect(stopped.exited && stopped.status == 130, "\(stopped.errors)")
      #expect(stopped.errorLines.last?.contains("iapc train --resume \(run)") == true)
      #expect(exists("\(run)/last.pth"))
      folder.expectNothingPartial()
      let resumed = try done(["train", "--resume", run])
      #expect(resumed.errors.contains("resumed after step"))
      for name in ["last.safetensors", "last.pth", "best.safetensors", "evaluations.jsonl"] {
        #expect(try bytes("\(run)/\(name)") == bytes("\(whole)/\(name)"), "\(name)")
      }
    }
  }

  @Test("--resume with other settings, or of a run of another command, is refused")
  func resumeOtherwise() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(train(to: run, "--steps", "1"))
      try expectError(
        ["train", "--resume", run, "--set", "optimizer.momentum=0.5"], saying: "momentum", "0.9", "0.5")
      try expectError(["train", "--resume", sample.run], saying: "it is a run of `iapc adapt`")
      try expectError(["adapt", "--resume", run], saying: "iapc train --resume \(run)")
      try expectError(["train", "--resume", folder.path("none")], saying: "there is no such folder")
      try expectError(train(to: run, "--steps", "1"), saying: "--resume \(run)", "--overwrite")
    }
  }

  @Test("A profile goes before the default, and everything else before the profile")
  func profile() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(
        train(
          to: run, "--profile", "deeplabv2", "--network", "espnet", "--steps", "1", "--set",
          "optimizer.momentum=0.8"))
      #expect(try setting("profile", of: run) == "deeplabv2" && setting("optimizer.name", of: run) == "sgd")
      #expect(
        try setting("optimizer.momentum", of: run) == "0.8" && setting("data.batch_size", of: run) == "2")
      #expect(
        try setting("schedule.total_steps", of: run) == "250000"
          && setting("augmentation.crop", of: run) == "32x24")
    }
  }

  @Test(
    "Values that make no training",
    arguments: [
      (["--set", "optimizer.name=adam"], ["optimizer", "adamw, adamw_rms, sgd"]),
      (["--profile", "deeplab"], ["deeplab", "compact, deeplabv2"]),
      (
        ["--set", "augmentation.photometric_distortion=heavy"],
        ["augmentation.photometric_distortion", "none, ssd"]
      ),
      (["--set", "batch_norm.freeze=yes"], ["batch_norm.freeze", "none, affine, all"]),
      (["--crop", "36x24"], ["36x24", "multiples of 8"]),
      (["--set", "data.rareclass_sampling=on"], ["nearest is data.rare_class_sampling"]),
      (
        ["--set", "data.rare_class_sampling=on", "--set", "data.rare_class_min_pixels=9999"],
        ["data.rare_class_min_pixels"]
      ),
      (["--validation-label-space", "cityscapes"], ["unknown label space", "cityscapes19"]),
      (
        ["--steps", "10", "--set", "schedule.total_steps=9"],
        ["schedule.total_steps", "at least the number of steps, 10"]
      ),
    ])
  func value(_ options: [String], _ words: [String]) throws {
    try withTemporaryFolder { folder in
      let output = folder.path("run")
      let outcome = try iapc(train(to: output, "--steps", "1") + options)
      #expect(outcome.status == 1)
      #expect(outcome.errorLines.count == 1 && outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      #expect(!exists(output))
    }
  }

  @Test("The help shows how DeepLabV2 is trained on GTA5")
  func help() throws {
    let outcome = try iapc("train", "--help")
    for words in [
      "--profile deeplabv2 --images gta5/images", "augmentation.cat_max_ratio", "data.rare_class_sampling",
    ] {
      #expect(outcome.output.contains(words))
    }
  }
}
