// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

/// The long options of a command, as its parser knows them.
struct CommandOptions {
  private struct Dump: Decodable {
    struct Command: Decodable { var arguments: [Argument]? }
    struct Argument: Decodable {
      var kind: String
      var names: [Name]?
    }
    struct Name: Decodable {
      var kind: String
      var name: String
    }
    var command: Command
  }

  /// The names without dashes, in the order of the help.
  let names: [String]
  private let valued: Set<String>
  private let settings: [String]

  init(_ command: any ParsableCommand.Type) {
    // The parser's own description: it is public for tools.
    guard let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8)) else {
      fatalError("the parser describes \(command) in another form")
    }
    var (names, valued): ([String], Set<String>) = ([], [])
    for argument in dump.command.arguments ?? [] {
      for name in argument.names ?? [] where name.kind == "long" {
        names.append(name.name)
        if argument.kind == "option" { valued.insert(name.name) }
      }
    }
    (self.names, self.valued) = (names, valued)
    settings = names.contains("set") ? Self.settings(of: command) : []
  }

  /// The names of what `--set` sets besides options.
  private static func settings(of command: any ParsableCommand.Type) -> [String] {
    if command == Train.self { return TrainingSettings.table.settings.map(\.name) }
    let isAdaptation = command == Adapt.self || command == Step.self || command == StepBenchmark.self
    return isAdaptation ? AdaptationSettings.table.settings.map(\.name) : []
  }

  /// Whether an option of the name takes a value.
  func takesValue(_ name: String) -> Bool { valued.contains(name) }

  /// The setting of a name with dashes, where the command has it: `checkpoint.every` of `checkpoint-every`,
  /// `schedule.warm_up` of `warm-up`, `optimizer.name` of `optimizer`.
  func setting(_ name: String) -> String? {
    let plain = name.replacing("-", with: "_")
    return settings.first { $0.replacing(".", with: "_") == plain }
      ?? settings.first { $0 == "\(plain).name" || $0.hasSuffix(".\(plain)") }
  }
}
