// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What texts of the program tell a user to type is there to be typed.
@Suite struct RemedyTests {
  /// Options of the argument parser that no help names, and the beginning of `--no-NAME` where a name follows.
  private static let unnamed: Set = [
    "help-hidden", "experimental-dump-help", "generate-completion-script", "no",
  ]

  /// The options that the help of any command names, without their dashes.
  private static func options() throws -> Set<String> {
    var found: Set<String> = []
    var waiting: [[String]] = [[]]
    while let command = waiting.popLast() {
      let help = try iapc(["help"] + command).output
      found.formUnion(help.matches(of: /--([a-z][a-z-]*)/).map { String($0.output.1) })
      guard command.count < 2, let list = help.components(separatedBy: "SUBCOMMANDS:\n").dropFirst().first
      else {
        continue
      }
      waiting += list.matches(of: /(?m)^  ([a-z][a-z-]+)/).map { command + [String($0.output.1)] }
    }
    return found
  }

  /// Every option that a line of code names, with the line's place; comments and the report's style sheet aside.
  private static func named() throws -> [(option: String, place: String)] {
    let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("../../Sources").standardizedFileURL
    let files = try #require(FileManager.default.subpaths(atPath: sources.path)).filter {
      $0.hasSuffix(".swift") && !$0.hasPrefix("Report/Page/")
    }
    return try files.sorted().flatMap { file in
      try text(sources.appendingPathComponent(file).path).split(
        separator: "\n", omittingEmptySubsequences: false
      )
      .enumerated().flatMap { number, line -> [(option: String, place: String)] in
        guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { return [] }
        return line.matches(of: /(?:^|[^-A-Za-z0-9])--([a-z][a-z-]*[a-z])/).map {
          (String($0.output.1), "\(file):\(number + 1)")
        }
      }
    }
  }

  @Test("Every option that a message, remedy or help text names is an option of a command")
  func options() throws {
    let (known, named) = (try Self.options(), try Self.named())
    #expect(known.count > 80 && named.count > 150)
    for (option, place) in named where !known.union(Self.unnamed).contains(option) {
      Issue.record("\(place) names --\(option), which no command has")
    }
  }
}
