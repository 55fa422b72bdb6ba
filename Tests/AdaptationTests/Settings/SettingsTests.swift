// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import TestSupport
import Testing

@Suite("Settings")
struct SettingsTests {
  private let table = AdaptationSettings.table

  private func set(_ name: String, _ text: String) throws -> AdaptationSettings {
    var settings = AdaptationSettings()
    try table.set(name, to: text, in: &settings, at: "--set")
    return settings
  }

  @Test("are read from texts of every type")
  func types() throws {
    #expect(try set("loss_weights.im", "0.2").iapc.weights.entropy == 0.2)
    #expect(try set("optimizer.backbone_updates", "3").learning.backboneUpdates == 3)
    #expect(try set("batch_norm.update_pass", "on").iapc.statisticsPass)
    #expect(try set("method.importance", "second").iapc.importance == .second)
    #expect(try set("method.prototypes", "static").iapc.prototypes == .static)
    #expect(try set("method.prototype_layout", "scrambled2023").iapc.prototypeLayout == .scrambled2023)
    #expect(try set("data.size", "640x480").size == PixelSize(width: 640, height: 480))
    #expect(
      try set("data.size", "auto").size == nil && set("method.rare_pixels", "auto").iapc.rarePixels == nil)
    #expect(try set("pseudo_labels.scales", "1, 0.5").pseudoLabels.scales == [1, 0.5])
    #expect(try set("network.name", "").network == nil && set("network.name", "espnet").network == "espnet")
    #expect(try set("runtime.seed", "18446744073709551615").seed == .max)
  }

  @Test(
    "of another form are refused, with what was found and expected",
    arguments: [
      ("schedule.steps", "ten", "a whole number"), ("optimizer.learning_rate", "nan", "a number"),
      ("batch_norm.update_pass", "1", "on or off"),
      ("data.size", "640", "WIDTHxHEIGHT"), ("data.size", "0x5", "WIDTHxHEIGHT"),
      ("method.importance", "ratio", "probabilities"),
      ("pseudo_labels.scales", "1,,2", "a list"),
      ("runtime.seed", "-1", "at least 0"),
      ("method.rare_pixels", "few", "or auto"),
    ])
  func forms(_ name: String, _ text: String, _ expected: String) throws {
    let found = try #require(problem { _ = try set(name, text) })
    #expect(found.what == "cannot use the setting \(name)" && found.place == "--set")
    #expect(found.why.contains("\"\(text)\"") && found.why.contains(expected), "\(found)")
  }

  @Test(
    "of an unknown name are refused, with the nearest",
    arguments: [
      ("weight.im", "loss_weights.im"), ("loss_weights.in", "loss_weights.i"),
      ("backboneUpdates", "optimizer.backbone_updates"), ("steps", "schedule.steps"),
      ("stepz", "schedule.steps"), ("optimizer.learningrate", "optimizer.learning_rate"),
      ("batch_norm.updatepass", "batch_norm.update_pass"),
    ])
  func unknown(_ name: String, _ nearest: String) throws {
    let found = try #require(problem { _ = try set(name, "1") })
    #expect(
      found.what == "unknown setting" && found.remedy.contains(nearest) && found.place.contains("--set"))
  }

  @Test("have unique names, and all come back from their own texts")
  func roundTrip() throws {
    for method in AdaptationSettings.Method.allCases {
      let names = table.values(of: AdaptationSettings(method: method)).map(\.name)
      #expect(Set(names).count == names.count, "\(method)")
    }
    var settings = AdaptationSettings()
    settings.apply(.reference)
    settings.size = PixelSize(width: 96, height: 64)
    settings.iapc.rarePixels = 4096
    settings.learningRate = 1.0 / 3
    settings.target.images = "a \"strange\" # folder: with \\ ü, and\ttab\nline"
    settings.output = "-dash"
    settings.weightsFile = ", comma "
    settings.classes = "camvid11"
    try withTemporaryFolder { folder in
      let path = folder.path("config.yaml")
      try AtomicFile.write(ConfigFile.text(table.values(of: settings), heading: "One\nTwo"), to: path)
      var read = AdaptationSettings()
      for item in try ConfigFile.read(path) { try table.set(item.name, to: item.value, in: &read, at: path) }
      #expect(read == settings)
    }
  }

  @Test("of one method are found by the run's method, and refused of another")
  func scoped() throws {
    var settings = AdaptationSettings(method: .selfTraining)
    let values: [SettingTable<AdaptationSettings>.Assignment] = [
      ("method.threshold", "0.7", "a"), ("method.name", "cotta", "b"),
    ]
    try table.set("method.threshold", to: "0.8", in: &settings, at: "")
    #expect(settings.selfTraining.threshold == 0.8)
    // The method is set first, wherever it stands.
    try table.set(values, in: &settings)
    #expect(settings.cotta.threshold == 0.7 && settings.selfTraining.threshold == 0.8)
    #expect(!table.values(of: settings).contains { $0.name.hasPrefix("loss_weights.") })
    let found = try #require(
      problem { try table.set("method.portion", to: "0.1", in: &settings, at: "--set") })
    #expect(found.what == "cannot use the setting method.portion" && found.place == "--set")
    #expect(found.why == "it is a setting of self-training, and the run is of cotta", "\(found)")
    for method in [AdaptationSettings.Method.hcl, .cotta, .dynamicTeacher, .iapc] {
      var own = AdaptationSettings(method: method)
      try table.set("teacher.ema_decay", to: "2", in: &own, at: "")
      #expect(problem { try own.check() }?.what == "cannot use the setting teacher.ema_decay")
    }
  }

  @Test("of the profiles are the paper's, the released code's and ours")
  func profiles() {
    let reference = AdaptationSettings(profile: .reference)
    let (paper, ours) = (AdaptationSettings(profile: .paper), AdaptationSettings())
    #expect(reference.iapc.importance == .logits && reference.learning.backboneUpdates == 3)
    #expect(reference.iapc.statisticsPass && reference.iapc.weights.entropy == 2)
    #expect(paper.iapc.importance == .probabilities && paper.learning.backboneUpdates == 1)
    #expect(!paper.iapc.statisticsPass && paper.iapc.weights.entropy == 2)
    #expect(paper.initialStatistics == .source && paper.finalStatistics == .source)
    #expect(ours.profile == .recommended && ours.iapc.importance == .probabilities)
    #expect(ours.iapc.weights.entropy == 2 && ours.iapc.entropyOn == .agreed)
    #expect(ours.iapc.mixing.classes && ours.exposure == .source)
    #expect(ours.learning.optimizer == .adamwRelative && ours.steps == 300 && ours.horizon == nil)
    #expect(ours.iapc.classBalance == .shares && ours.adapted == .teacher && ours.iapc.teacherDecay == 0.9967)
    for settings in [reference, paper] {
      #expect(settings.steps == 9000 && settings.horizon == 100_000 && settings.learning.optimizer == .sgd)
      #expect(settings.iapc.prototypeLayout == .mended && settings.iapc.ignoredInMean)
      #expect(settings.iapc.prototypes == .perImage && settings.iapc.teacherDecay == 0.9999)
      #expect((settings.iapc.weights.importance, settings.iapc.weights.enhanced) == (0.2, 0.5))
      #expect(settings.iapc.weights.symmetric == 0.04)
    }
  }

  @Test(
    "begin with what their method and profile say, whatever was applied before",
    arguments: AdaptationSettings.Method.allCases, AdaptationSettings.Profile.allCases)
  func starts(_ method: AdaptationSettings.Method, _ profile: AdaptationSettings.Profile) throws {
    let wanted = AdaptationSettings(method: method, profile: profile)
    try wanted.check()
    for other in AdaptationSettings.Profile.allCases {
      var settings = AdaptationSettings(method: method, profile: other)
      settings.apply(profile)
      #expect(settings == wanted, "\(method) \(other) then \(profile)")
    }
    var changed = AdaptationSettings(profile: .reference)
    (changed.method, changed.output, changed.seed) = (method, "runs/a", 7)
    changed.apply(profile)
    #expect(changed.output == "runs/a" && changed.seed == 7)
    (changed.output, changed.seed) = (wanted.output, wanted.seed)
    #expect(changed == wanted)
  }

  @Test("of methods without steps take 0 of them, and no others do")
  func noSteps() throws {
    for method in AdaptationSettings.Method.allCases {
      var settings = AdaptationSettings(method: method)
      let takesNone = [.sourceOnly, .batchnorm].contains(method)
      #expect(settings.steps == (takesNone ? 0 : 300))
      settings.steps = 0
      #expect((problem { try settings.check() } == nil) == takesNone)
    }
  }

  @Test("of a run without a setting are what they were before there was one")
  func older() throws {
    try withTemporaryFolder { folder in
      _ = try folder.file("config.yaml", Array("profile: recommended\nschedule.steps: 7\n".utf8))
      let read = try AdaptationSettings(ofRun: RunFolder(folder.url.path))
      #expect(read.steps == 7 && read.exposure == .own && read.adapted == .student)
    }
  }

  @Test("of a run with one that there is not are refused with its line")
  func unknownInRun() throws {
    try withTemporaryFolder { folder in
      _ = try folder.file("config.yaml", Array("schedule.steps: 7\nstepps: 8\n".utf8))
      let run = RunFolder(folder.url.path)
      let found = try #require(problem { _ = try AdaptationSettings(ofRun: run) })
      #expect(found.what == "unknown setting" && found.place.contains("config.yaml, line 2"), "\(found)")
      #expect(problem { _ = try TrainingSettings(ofRun: run) }?.what == "unknown setting")
    }
  }

  @Test(
    "that make no run are refused by name",
    arguments: [
      ("schedule.steps", "0"), ("data.batch_size", "0"), ("optimizer.learning_rate", "0"),
      ("schedule.warm_up", "-1"), ("schedule.total_steps", "299"),
      ("checkpoint.every", "0"), ("checkpoint.keep", "0"), ("runtime.workers", "65"),
      ("runtime.threads", "-1"),
      ("data.max_unreadable", "-1"),
      ("optimizer.backbone_updates", "0"), ("teacher.ema_decay", "1.5"), ("pseudo_labels.scales", "0, 1"),
      ("loss_weights.ia", "-1"), ("batch_norm.source_fraction", "1.5"),
    ])
  func checks(_ name: String, _ text: String) throws {
    let settings = try set(name, text)
    let found = try #require(problem { try settings.check() })
    #expect(found.what.hasPrefix("cannot use the setting \(name.split(separator: ".")[0])"), "\(found)")
    #expect(throws: Never.self) { try AdaptationSettings().check() }
  }

  @Test("of a method whose weights are all 0 are refused")
  func noTerm() throws {
    var settings = AdaptationSettings()
    for term in ["ia", "pe", "ps", "im"] {
      try table.set("loss_weights.\(term)", to: "0", in: &settings, at: "")
    }
    #expect(problem { try settings.check() }?.what == "cannot use the setting loss_weights")
  }
}

@Suite("Config files")
struct ConfigFileTests {
  private func read(_ text: String) throws -> [ConfigFile.Item] {
    try withTemporaryFolder { folder in try ConfigFile.read(folder.file("c.yaml", Array(text.utf8))) }
  }

  @Test("join nested keys by dots and keep the lines")
  func nested() throws {
    let items = try read(
      "# one\nschedule.steps: 10\nloss_weights: {ia: 0.1, pe: 2}\npseudo_labels:\n  scales: [1, 0.5]\n")
    #expect(
      items.map(\.name) == ["schedule.steps", "loss_weights.ia", "loss_weights.pe", "pseudo_labels.scales"])
    #expect(items.map(\.value) == ["10", "0.1", "2", "1, 0.5"])
    #expect(items[0].line == 2 && items[3].line == 5)
    #expect(try read("").isEmpty && read("# nothing\n").isEmpty)
  }

  @Test(
    "of another form are refused in one line",
    arguments: [
      ("schedule.steps: 1\nschedule.steps: 2\n", "schedule.steps is set twice"),
      ("loss_weights: {ia: 1}\nloss_weights.ia: 2\n", "loss_weights.ia is set twice"),
      ("- steps\n", "another form"), ("just text\n", "another form"), ("schedule.steps: [1\n", "not YAML"),
      ("a: {b: {c: {d: {e: 1}}}}\n", "too deeply"), ("scales: [[1], 2]\n", "plain values"),
    ])
  func refused(_ text: String, _ expected: String) throws {
    let found = try #require(problem { _ = try read(text) })
    #expect(found.what == "cannot read the config")
    #expect(found.description.contains(expected) && !found.description.contains("\n"), "\(found)")
  }

  @Test("that are not text or not there are refused with their path")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      let path = try folder.file("c.yaml", [0xff, 0xfe, 0x80])
      #expect(problem { _ = try ConfigFile.read(path) }?.place == path)
      let missing = folder.path("none.yaml")
      #expect(problem { _ = try ConfigFile.read(missing) }?.description.contains(missing) == true)
    }
  }
}
