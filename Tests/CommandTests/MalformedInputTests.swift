// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing

/// Damaged and hostile files, each with the command that a user would give it to and the whole answer.
///
/// `Fixtures/malformed/cases.tsv` is the table: a file, the arguments, the line on stderr. `Reference/
/// malformed_fixtures.py` writes the files; a few that no repository can hold are made here.
@Suite("Malformed input")
struct MalformedInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let file: String
    let arguments: [String]
    let line: String
    var testDescription: String { "\(file): \(arguments.prefix(2).joined(separator: " "))" }
  }

  private static let folder = fixture("malformed", of: "CommandTests")

  static let cases: [Case] = {
    let table = (try? text("\(folder)/cases.tsv")) ?? ""
    return table.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { row in
      let parts = row.split(separator: "\t").map(String.init)
      guard parts.count == 3 else { fatalError("cases.tsv has a row without three parts: \(row)") }
      return Case(
        file: parts[0], arguments: parts[1].split(separator: " ").map(String.init), line: parts[2])
    }
  }()

  @Test("There are forty of them and more, and none lies unused")
  func enough() throws {
    #expect(Self.cases.count >= 40)
    let used = Set(Self.cases.map(\.file))
    let unused = (listing(Self.folder) ?? []).filter { !used.contains($0) }
    #expect(unused == ["README.md", "cases.tsv", "png_with_texts.png"])
  }

  @Test("ends with one line that says what is wrong", arguments: cases)
  func refused(_ item: Case) throws {
    let scratch = try ScratchFolder()
    let path = try Self.make(item.file, in: scratch)
    let place = try scratch.folder("place")
    let shipped = Fixtures.repository.appendingPathComponent("demo/source.safetensors").path
    let arguments = item.arguments.map {
      $0.replacing("{file}", with: path).replacing("{weights}", with: shipped)
        .replacing("{output}", with: scratch.path("output"))
    }
    let outcome = try iapc(arguments, folder: place)
    #expect(outcome.status == 1 && outcome.exited, "status \(outcome.status)")
    let told = outcome.errors.replacing(path, with: "{file}").replacing(Self.folder, with: "{folder}")
    #expect(told == "error: \(item.line)\n")
    // Nothing was run, nothing was written.
    #expect(outcome.output == "" && listing(place) == [] && !exists(scratch.path("output")))
  }

  @Test("A picture with texts that would unpack to 160 MB is read without them")
  func texts() throws {
    let scratch = try ScratchFolder()
    try done([
      "data", "check", "--images", "\(Self.folder)/png_with_texts.png", "--json", scratch.path("a.json"),
    ])
  }

  /// The file of that name, or what `made-KIND.ENDING` stands for.
  private static func make(_ name: String, in scratch: ScratchFolder) throws -> String {
    guard name.hasPrefix("made-") else { return "\(folder)/\(name)" }
    let path = scratch.path(name)
    switch name.split(separator: ".")[0] {
    case "made-empty": _ = try scratch.file(name, [])
    case "made-folder": _ = try scratch.folder(name)
    case "made-pipe": #expect(mkfifo(path, 0o600) == 0)
    case "made-circle": #expect(symlink(path, path) == 0)
    case "made-zeros":
      // Ten gigabytes that take no place on the disk.
      _ = try scratch.file(name, [])
      #expect(truncate(path, 10 << 30) == 0)
    default: fatalError("nothing makes \(name)")
    }
    return path
  }
}
