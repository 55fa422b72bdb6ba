// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation

/// A command line that means nothing: told in the parser's form, with status 64.
struct UsageError: Error {
  let message: String
  /// The command whose usage helps, and the words that start it.
  let command: any ParsableCommand.Type
  let words: [String]

  /// All that is told.
  var text: String {
    let usage = Iapc.usageString(for: command)
    return
      "Error: \(message)\nUsage: \(usage)\n  See '\(words.joined(separator: " ")) --help' for more information."
  }
}

/// What a command line says that no command has, looked at with other programs' names in mind.
struct CommandLineCheck {
  private let command: any ParsableCommand.Type
  let words: [String]
  /// What stands after the command's words, and before the terminator.
  private let rest: ArraySlice<String>
  private let arguments: [String]
  /// Whether help, the version or a script for shells is asked for.
  let asksForHelp: Bool

  /// Finds the command.
  ///
  /// - Throws: a `UsageError` where there is none of the name.
  init(_ arguments: [String]) throws {
    var (command, words): (any ParsableCommand.Type, [String]) = (Iapc.self, ["iapc"])
    let isHelp = arguments.first == "help"
    var place = isHelp ? 1 : 0
    while !command.configuration.subcommands.isEmpty, place < arguments.count,
      !arguments[place].hasPrefix("-")
    {
      let word = arguments[place]
      guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
        throw UsageError(message: Self.unknown(word, in: command), command: command, words: words)
      }
      (command, words) = (next, words + [word])
      place += 1
    }
    (self.command, self.words, self.arguments) = (command, words, arguments)
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    let rest = arguments[min(place, end)..<end]
    self.rest = rest
    asksForHelp = isHelp || rest.contains { Self.helpWords.contains($0) || $0.hasPrefix("---") }
  }

  private static let helpWords: Set = [
    "-h", "-help", "--help", "--help-hidden", "--version", "--experimental-dump-help",
    "--generate-completion-script",
  ]

  /// The arguments with numbers below 0 tied to the options before them, which they would else be taken for.
  var tied: [String] {
    var result: [String] = []
    let options = CommandOptions(command)
    for (index, argument) in arguments.enumerated() {
      if rest.indices.contains(index), let last = result.last, index > rest.startIndex,
        argument.firstMatch(of: /^-\.?[0-9]/) != nil, last.hasPrefix("--"), !last.contains("="),
        options.takesValue(String(last.dropFirst(2)))
      {
        result[result.count - 1] = "\(last)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }

  /// - Throws: a `UsageError` for the first option that the command does not have.
  func checkOptions() throws {
    let options = CommandOptions(command)
    var isValue = false
    for argument in rest {
      defer { isValue = argument.hasPrefix("--") && options.takesValue(String(argument.dropFirst(2))) }
      guard argument.hasPrefix("-"), argument.count > 1, argument.firstMatch(of: /^-\.?[0-9]/) == nil,
        !Self.helpWords.contains(argument)
      else { continue }
      let dashes = argument.prefix { $0 == "-" }.count
      let name = String(argument.dropFirst(dashes).prefix { $0 != "=" })
      let isKnown = options.names.contains(name)
      guard isValue ? isKnown && dashes == 1 : !isKnown || dashes != 2 else { continue }
      throw refused("\(argument.prefix(dashes))\(name)", name, options)
    }
  }

  private func refused(_ written: String, _ name: String, _ options: CommandOptions) -> UsageError {
    let plain = Self.plain(name)
    let hint: String
    if options.names.contains(plain) {
      let isSingle = written.firstMatch(of: /^-[^-]/) != nil
      hint = isSingle ? "a long name takes two dashes: --\(plain)" : "did you mean '--\(plain)'?"
    } else if command == Iapc.self {
      hint = "options come after a command: iapc predict --weights ..."
    } else if let known = OtherNames.hint(for: plain, in: options) {
      hint = known
    } else if let setting = options.setting(plain) {
      hint = "it is a setting: --set \(setting)=VALUE"
    } else if let near = nearName(plain, among: options.names) {
      hint = "did you mean '--\(near)'?"
    } else {
      hint = "`\(words.joined(separator: " ")) --help` names those that there are"
    }
    return UsageError(message: "Unknown option '\(written)': \(hint)", command: command, words: words)
  }

  /// A name in the form that ours have: `learning-rate` of `learning_rate`, `learningRate` and `LEARNING_RATE`.
  private static func plain(_ name: String) -> String {
    let isOneCase = name.contains("_") || name == name.uppercased()
    let words = (isOneCase ? name.lowercased() : name).flatMap { letter -> [Character] in
      letter.isUppercase ? ["-"] + letter.lowercased() : [letter]
    }
    return words.split { $0 == "_" || $0 == "-" }.map { String($0) }.joined(separator: "-")
  }

  /// What is wrong where the parser found a request for help in an option that it does not know.
  var unknownLetters: UsageError {
    let found = rest.first { $0.hasPrefix("-") } ?? ""
    return UsageError(message: "Unknown option '\(found)'", command: command, words: words)
  }

  /// - Throws: a `UsageError` where a group of commands stands alone.
  func checkCommand() throws {
    let inner = command.configuration.subcommands.map { $0._commandName }
    guard command != Iapc.self, !inner.isEmpty, !asksForHelp else { return }
    throw UsageError(
      message: "Missing a command after '\(words.dropFirst().joined(separator: " "))': "
        + inner.joined(separator: ", "), command: command, words: words)
  }

  private static func unknown(_ word: String, in command: any ParsableCommand.Type) -> String {
    let known = command.configuration.subcommands.map { $0._commandName }
    let meant = OtherNames.command(word).flatMap { known.contains($0) ? $0 : nil }
    guard let near = meant ?? nearName(word, among: known) else {
      return "Unknown command '\(word)': there are \(known.joined(separator: ", "))"
    }
    return "Unknown command '\(word)': the nearest is '\(near)'"
  }
}
