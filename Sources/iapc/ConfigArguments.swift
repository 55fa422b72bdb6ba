// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation

/// `--config` and `--set` of the commands whose settings are their options: each setting becomes the option of
/// its name, before the ones that were given, so that those win.
enum ConfigArguments {
  private static let commands: [String: any ParsableCommand.Type] = [
    "evaluate": Evaluate.self, "predict": Predict.self, "pseudo-label": PseudoLabel.self,
    "select": Select.self,
  ]

  /// The arguments with `--config` and `--set` laid out as options; others' arguments as they are.
  ///
  /// - Throws: `Problem` for a file that cannot be read and for a setting that the command does not have.
  static func laidOut(_ arguments: [String]) throws -> [String] {
    guard let name = arguments.first, let command = commands[name] else { return arguments }
    var (rest, files, sets): ([String], [String], [String]) = ([], [], [])
    var left = arguments.dropFirst()
    while let argument = left.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = parts.first, option == "--config" || option == "--set",
        let value = parts.count == 2 ? parts[1] : left.popFirst()
      else {
        rest.append(argument)
        continue
      }
      if option == "--set" { sets.append(value) } else { files.append(value) }
    }
    guard !files.isEmpty || !sets.isEmpty else { return arguments }
    let known = Set(CommandOptions(command).names)
    var added: [String] = []
    for file in files {
      for (item, place) in try ConfigFile.read(file, for: name, knows: { self.option($0, known) != nil }) {
        added += try option(item.name, item.value, known, at: "\(place), line \(item.line)")
      }
    }
    for (setting, value) in try ConfigOptions.assignments(sets) {
      added += try option(setting, value, known, at: "--set")
    }
    return [name] + added + rest
  }

  /// The option of a setting; nil where the command has none.
  private static func option(_ setting: String, _ known: Set<String>) -> String? {
    let name = SettingNames.option(of: setting)
    let isKnown = known.contains(name) || known.contains("no-\(name)")
    return isKnown && SettingNames.setting(of: name) == setting ? name : nil
  }

  private static func option(
    _ setting: String, _ value: String, _ known: Set<String>, at place: String
  ) throws -> [String] {
    guard let name = option(setting, known) else {
      throw unknownName(setting, of: "setting", known: known.map(SettingNames.setting).sorted(), at: place)
    }
    switch value {
    case "auto", "": return []
    case "on", "true", "yes": return ["--\(name)"]
    case "off", "false", "no": return known.contains("no-\(name)") ? ["--no-\(name)"] : []
    default: return ["--\(name)=\(value.replacing(", ", with: ","))"]
    }
  }
}
