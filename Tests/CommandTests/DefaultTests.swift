// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing

/// What help says, what the library gives and what a run does where nothing is said are one.
@Suite struct DefaultTests {
  typealias Settings = AdaptationSettings

  /// A command as `--experimental-dump-help` tells of it.
  private struct Told: Decodable {
    struct Argument: Decodable {
      var names: [[String: String]]?
      var abstract: String?
      var valueName: String?
    }
    var commandName: String
    var discussion: String?
    var arguments: [Argument]?
    var subcommands: [Told]?

    /// All commands that hold no others, each with the words that start it.
    func leaves(after words: [String] = []) -> [(words: [String], command: Told)] {
      (subcommands ?? []).flatMap { inner in
        let here = words + [inner.commandName]
        return (inner.subcommands ?? []).isEmpty ? [(here, inner)] : inner.leaves(after: here)
      }
    }

    func abstract(of option: String) -> String? {
      arguments?.first { $0.names?.contains { $0["name"] == option } == true }?.abstract
    }
  }

  private struct Dump: Decodable { var command: Told }

  private static func told(_ words: String...) throws -> Told {
    let output = try iapc(words + ["--experimental-dump-help"]).output
    return try JSONDecoder().decode(Dump.self, from: Data(output.utf8)).command
  }

  /// What the help of `adapt` says that a setting is, by its name, with a method and a profile.
  private static func fromHelp(_ name: String, _ text: String) throws -> [String: String] {
    var values: [String: String] = [:]
    let line = /\s+([a-z_.]+)(?:, of ([a-z-]+))?: (.+?) - .+?\[[^\]]+\](?: \((.+)\))?/
    for found in text.split(separator: "\n").compactMap({ $0.wholeMatch(of: line)?.output }) {
      if let owner = found.2, owner != (isProfile(name) ? "iapc" : name) { continue }
      let others = (found.4 ?? "").split(separator: "; ").map { $0.split(separator: ": ", maxSplits: 1) }
      let own = others.first { other in
        let names = other[0].split(separator: ", ").map(String.init)
        return names.contains(name) || (names.contains("other methods") && !isProfile(name))
      }
      values[String(found.1)] = String(own?[1] ?? found.3)
    }
    return values
  }

  private static func isProfile(_ name: String) -> Bool { Settings.Profile(rawValue: name) != nil }

  private static let places: Set = [
    "network.weights", "data.images", "runtime.output", "profile", "method.name",
  ]

  @Test(
    "Help, library and run agree on every default, whatever the method and profile",
    arguments: AdaptationSettings.starts.map(\.name))
  func agree(_ name: String) throws {
    let method = Settings.Method(rawValue: name) ?? .iapc
    let profile = Settings.Profile(rawValue: name) ?? .recommended
    let library = Settings(method: method, profile: profile)
    let told = try Self.fromHelp(name, #require(Self.told("adapt").discussion))
    for (setting, value) in Settings.table.values(of: library) where !Self.places.contains(setting) {
      #expect(told[setting] == (value.isEmpty ? "-" : value), "\(setting)")
    }

    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(
        sample.adapt(to: run) + (Self.isProfile(name) ? ["--profile", name] : ["--method", name]))
      while command.isRunning, !exists("\(run)/config.yaml") { usleep(2000) }
      command.send(SIGTERM)
      let outcome = try command.outcome()
      let resolved = try Settings(ofRun: RunFolder(run))
      let values = Dictionary(
        uniqueKeysWithValues: Settings.table.values(of: resolved).map { ($0.name, $0.value) })
      let given: Set = ["data.batch_size", "augmentation.crop"]
      for (setting, value) in Settings.table.values(of: library)
      where value != "auto" && !Self.places.union(given).contains(setting) {
        #expect(values[setting] == value, "\(setting) \(outcome.errors)")
      }
    }
  }

  @Test("The options of adapt and train name the defaults of the settings that they are")
  func options() throws {
    let (adapt, train) = try (Self.told("adapt"), Self.told("train"))
    #expect(adapt.abstract(of: "steps")?.contains("300; paper, reference: 9000") == true)
    #expect(adapt.abstract(of: "learning-rate")?.contains("(default: 0.005; paper, ") == true)
    #expect(train.abstract(of: "steps")?.contains("2000; deeplabv2: 150000") == true)
    for (command, names) in [
      (adapt, [("batch", "data.batch_size"), ("steps", "schedule.steps"), ("seed", "runtime.seed")]),
      (
        train,
        [
          ("batch", "data.batch_size"), ("steps", "schedule.steps"), ("crop", "augmentation.crop"),
          ("seed", "runtime.seed"),
        ]
      ),
    ] {
      for (option, name) in names {
        let wanted =
          command.commandName == "adapt"
          ? AdaptationSettings.defaultText(name) : TrainingSettings.defaultText(name)
        #expect(command.abstract(of: option)?.contains("(default: \(wanted))") == true, "\(name)")
      }
    }
  }

  @Test("A config file may have a section for every command that takes one")
  func sections() throws {
    let takers = try Self.told().leaves().filter { $0.command.abstract(of: "config") != nil }
    let names = takers.map { $0.words.joined(separator: " ") }
    #expect(names.contains("select") && names.contains("adapt") && names.count >= 8)
    try withTemporaryFolder { folder in
      // What replays steps of `adapt` has its settings.
      func section(_ words: [String]) -> String {
        ["step", "benchmark"].contains(words[0]) ? "adapt" : words[0]
      }
      let all = Set(takers.map { "\(section($0.words)):\n  nothing: 1\n" })
      let config = try folder.file("c.yaml", Array(("runtime.seed: 3\n" + all.sorted().joined()).utf8))
      for (words, command) in takers {
        var arguments = words + ["--config", config]
        for argument in command.arguments ?? [] {
          let isPositional = argument.names == nil
          if isPositional { arguments.append("x") }
        }
        for name in ["weights", "images", "labels", "output", "inputs"]
        where command.abstract(of: name) != nil {
          arguments += ["--\(name)", folder.path("none")]
        }
        let outcome = try iapc(arguments)
        #expect(
          outcome.status == 1 && outcome.errors.contains("unknown setting"), "\(words) \(outcome.errors)")
        #expect(outcome.errors.contains("nothing in "), "\(words): \(outcome.errors)")
      }
    }
  }

  @Test("select takes its settings from its section")
  func select() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let json = folder.path("ranks.json")
      let config = try folder.file(
        "c.yaml", Array("adapt:\n  schedule.steps: 3\nselect:\n  count: 2\n  pixels: 50\n".utf8))
      try done(["select", sample.run, "--config", config, "--json", json])
      let report = try text(json)
      #expect(report.contains("\"images\" : 2"), "\(report)")
    }
  }
}
