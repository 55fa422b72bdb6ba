// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing

/// Settings and places that make no run: one line, status 1, nothing left behind.
@Suite struct SettingErrorTests {
  let sample: Sample
  let folder: ScratchFolder
  var output: String { folder.path("output") }

  init() throws {
    sample = try Sample.make()
    folder = try ScratchFolder()
  }

  @Test(
    "Values that make no run",
    arguments: [
      (["--steps", "0"], ["steps", "at least 1"]),
      (["--steps", "many"], ["--steps", "\"many\"", "a whole number"]),
      (["--set", "stepz=3"], ["stepz", "nearest is schedule.steps"]),
      (["--set", "loss_weights.in=3"], ["nearest is loss_weights.i"]),
      (["--set", "learningRate=1e-3"], ["learningRate", "nearest is optimizer.learning_rate"]),
      (["--set", "loss_weights.im=much"], ["loss_weights.im", "\"much\"", "a number"]),
      (["--set", "steps"], ["KEY=VALUE"]),
      (["--classes", "camvid"], ["camvid", "nearest is camvid11"]),
      (["--network", "esp"], ["unknown network", "espnet"]),
      (["--device", "gpu"], ["unknown device", "cpu"]),
      (["--device", "cuda:99"], ["cuda:99", "--device cpu"]),
      (["--profile", "papers"], ["papers", "paper, reference, recommended"]),
      (["--method", "magic"], ["method", "iapc"]),
      (["--size", "60x48"], ["60x48", "multiples of 8", "64x48"]),
      (["--size", "64"], ["\"64\"", "640x480"]),
      (["--crop", "36x24"], ["36x24", "multiples of 8"]), (["--crop", "128x96"], ["128x96", "64x48"]),
      (["--precision", "float8"], ["float8", "float32"]),
      (["--set", "runtime.on_nan=go"], ["runtime.on_nan", "stop, skip"]),
      (["--set", "runtime.max_skipped=0"], ["runtime.max_skipped", "at least 1"]),
      (["--learning-rate=-1"], ["optimizer.learning_rate", "above 0"]),
    ])
  func value(_ options: [String], _ words: [String]) throws {
    let outcome = try iapc(
      ["adapt", "--weights", sample.weights, "--images", sample.images, "--output", output]
        + options)
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1 && outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    #expect(!exists(output))
  }

  @Test(
    "Numbers that no machine has room for are refused at once",
    arguments: [
      (["--batch", "99999999999"], ["batch", "99999999999", "at most 65536"]),
      (["--batch", "9223372036854775807"], ["batch", "at most 65536"]),
      (
        ["--batch", "60000", "--crop", "1024x1024", "--size", "1024x1024"],
        ["does not fit in memory", "--batch "]
      ),
      (["--steps", "9223372036854775807"], ["steps", "at most 1000000000"]),
      (["--size", "99999999999x99999999999"], ["99999999999x99999999999", "640x480"]),
      (["--set", "checkpoint.every=9223372036854775807"], ["checkpoint.every", "at most"]),
      (["--set", "checkpoint.keep=9223372036854775807"], ["checkpoint.keep", "at most"]),
      (["--set", "selection.every=9223372036854775807"], ["selection.every", "at most"]),
      (["--set", "schedule.warm_up=9223372036854775807"], ["schedule.warm_up", "at most"]),
    ])
  func huge(_ options: [String], _ words: [String]) throws {
    let began = Date()
    let outcome = try iapc(sample.adapt(to: output) + options)
    #expect(outcome.status == 1 && outcome.exited, "\(outcome.errors)")
    let told = outcome.told
    #expect(told.count == 1 && outcome.errorLines.last == told[0], "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    #expect(Date().timeIntervalSince(began) < 30)
    #expect(!exists(output))
  }

  @Test("Numbers of training that no machine has room for are refused at once")
  func hugeTraining() throws {
    for (option, word) in [
      ("--batch", "at most 65536"), ("--steps", "at most 1000000000"),
      ("--evaluate-every", "at most 1000000000"),
    ] {
      try expectError(
        [
          "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
          "--output",
          output, option, "99999999999",
        ], saying: word)
    }
    #expect(!exists(output))
  }

  @Test("A key of the config file that is unknown names the file, the line and the nearest key")
  func unknownKey() throws {
    let config = try folder.file("run.yaml", Array("schedule.steps: 2\nlearningrate: 1e-3\n".utf8))
    try expectError(
      sample.adapt(to: output, "--config", config), saying: "learningrate in \(config), line 2",
      "nearest is optimizer.learning_rate")
    #expect(!exists(output))
  }

  @Test("A setting of another method is refused, with whose it is, and the run's own are in its config.yaml")
  func ofMethods() throws {
    let config = try folder.file(
      "run.yaml",
      Array("schedule: {steps: 1}\nmethod: {threshold: 0.7, name: self-training}\n".utf8))
    for more in [["--method", "tent"], ["--set", "method.name=tent"]] {
      try expectError(
        sample.adapt(to: output, "--config", config) + more, saying: "method.threshold", "run.yaml, line 2",
        "of self-training, cotta, and the run is of tent")
    }
    try expectError(
      sample.adapt(to: output, "--method", "hcl", "--set", "loss_weights.im=1"), saying: "loss_weights.im",
      "--set", "of iapc, and the run is of hcl")
    #expect(!exists(output))
    try done(sample.adapt(to: output, "--config", config))
    #expect(try setting("method.threshold", of: output) == "0.7")
    let names = try ConfigFile.read("\(output)/config.yaml").map(\.name)
    #expect(!names.contains { $0.hasPrefix("loss_weights.") || $0 == "method.importance" }, "\(names)")
    try done(["adapt", "--resume", output, "--steps", "2"])
    try expectError(
      ["adapt", "--resume", output, "--method", "tent"], saying: "with another method.name", "self-training",
      "tent")
  }

  @Test("A config file that is not there, or no YAML")
  func badConfig() throws {
    try expectError(
      sample.adapt(to: output, "--config", folder.path("none.yaml")), saying: "none.yaml", "no such file")
    let config = try folder.file("bad.yaml", Array("schedule.steps: [1\nruntime.seed: 2\n".utf8))
    try expectError(sample.adapt(to: output, "--config", config), saying: "bad.yaml", "not YAML")
    #expect(!exists(output))
  }

  @Test("Names that evaluate, train and data streets do not know")
  func unknownNames() throws {
    try expectError(
      ["evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels]
        + ["--label-space", "cityscapes"], saying: "unknown label space", "nearest is cityscapes19")
    try expectError(
      [
        "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid", "--output",
        output,
      ],
      saying: "unknown label space", "nearest is camvid11")
    try expectError(["data", "streets", "--domain", "mars", "--output", output], saying: "mars", "noon")
    #expect(!exists(output))
  }

  @Test("A result file in a folder that is not there is refused before the work")
  func jsonNowhere() throws {
    try expectError(
      ["evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels]
        + ["--json", folder.path("none/out.json")], saying: "none/out.json", "its folder does not exist")
  }

  @Test(
    "An output folder with something in it stays as it is", arguments: ["adapt", "predict", "pseudo-label"])
  func notEmpty(_ command: String) throws {
    _ = try folder.folder("output")
    let mine = try folder.file("output/notes.txt", Array("mine".utf8))
    try expectError(
      [command, "--weights", sample.weights, "--images", sample.images, "--output", output], saying: output)
    #expect(listing(output) == ["notes.txt"])
    #expect(try text(mine) == "mine")
  }

  @Test("An output folder that is a file, or lies in one", arguments: ["adapt", "predict", "pseudo-label"])
  func outputIsFile(_ command: String) throws {
    let file = try folder.file("file", Array("mine".utf8))
    for output in [file, "\(file)/below"] {
      try expectError(
        [command, "--weights", sample.weights, "--images", sample.images, "--output", output],
        saying: "is a file")
    }
    #expect(try text(file) == "mine")
  }

  @Test("--resume of a folder that is no run, or is not there")
  func resumeNothing() throws {
    try expectError(["adapt", "--resume", folder.folder("empty")], saying: "it is no run of `iapc adapt`")
    try expectError(["adapt", "--resume", folder.path("none")], saying: "there is no such folder")
    #expect(listing(folder.path("empty")) == [] && !exists(folder.path("none")))
  }

  @Test("No permission to write or read", .enabled(if: getuid() != 0))
  func permission() throws {
    let locked = try folder.folder("locked")
    chmod(locked, 0o500)
    defer { chmod(locked, 0o700) }
    try expectError(sample.adapt(to: "\(locked)/run"), saying: "permission to write")
    let secret = try folder.file("secret.pth", [1, 2, 3])
    chmod(secret, 0)
    try expectError(
      ["predict", "--weights", secret, "--images", sample.images, "--output", output],
      saying: "permission to read")
    #expect(!exists(output))
  }
}
