// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Yams

/// Settings in YAML: nested keys are joined by dots, so `loss_weights: {ia: 0.2}` is `loss_weights.ia`.
public enum ConfigFile {
  /// A setting as a file has it, with its line.
  public struct Item: Equatable, Sendable {
    /// The setting's name, nested ones between dots.
    public let name: String
    /// Its text.
    public let value: String
    /// Its line in the file, from 1.
    public let line: Int
  }

  /// - Throws: `Problem` for a file that is not there, not YAML, not made of keys and plain values, or has a
  /// key
  ///   twice.
  public static func read(_ path: String) throws -> [Item] {
    guard let root = try YAMLFile.root(of: path, what: what) else { return [] }
    guard let mapping = root.mapping else {
      throw refuse(path, "expected lines of `key: value`, found another form", "write one setting a line")
    }
    var items: [Item] = []
    try collect(mapping, prefix: "", path, &items)
    var seen: Set<String> = []
    for item in items where !seen.insert(item.name).inserted {
      throw refuse("\(path), line \(item.line)", "\(item.name) is set twice", "keep one")
    }
    return items
  }

  /// The commands that a file may have sections for, and what may stand above the sections for all of them.
  private static let sections = ["train", "pseudo-label", "adapt", "evaluate", "predict", "select"]
  private static let shared: Set = [
    "network.name", "network.variant", "network.pixel_normalization", "network.classes", "runtime.seed",
    "runtime.device", "runtime.threads", "runtime.precision",
  ]
  private static let deepestBase = 4
  private static let longestKey = 200

  /// The settings of a file that are one command's; a later one of a name goes before an earlier.
  ///
  /// A file without sections is wholly the command's. In one with sections (`train:`, `adapt:`, ...), these are
  /// the shared settings at the top, where the command has them, and those of the command's section. With
  /// `base: FILE` (relative to the file), the other file's settings come first.
  ///
  /// - `knows`: whether the command has a setting of a name.
  /// - Throws: as `read(_:)`, and for a setting at the top of a file with sections that is not a shared one.
  public static func read(
    _ path: String, for command: String, knows: (String) -> Bool
  ) throws -> [(item: Item, file: String)] {
    try read(path, for: command, knows: knows, depth: 0)
  }

  private static func read(
    _ path: String, for command: String, knows: (String) -> Bool, depth: Int
  ) throws -> [(item: Item, file: String)] {
    var items = try read(path)
    var result: [(item: Item, file: String)] = []
    if let place = items.firstIndex(where: { $0.name == "base" }) {
      let base = items.remove(at: place)
      guard depth < deepestBase else {
        throw refuse("\(path), line \(base.line)", "bases stand on bases too deeply", "name the last one")
      }
      let folder = (path as NSString).deletingLastPathComponent
      let file = base.value.hasPrefix("/") || folder.isEmpty ? base.value : "\(folder)/\(base.value)"
      result = try read(file, for: command, knows: knows, depth: depth + 1)
    }
    return try result + ofCommand(command, items, path, knows: knows).map { ($0, path) }
  }

  private static func ofCommand(
    _ command: String, _ items: [Item], _ path: String, knows: (String) -> Bool
  ) throws -> [Item] {
    func section(_ item: Item) -> String? {
      sections.first { item.name == $0 || item.name.hasPrefix("\($0).") }
    }
    guard items.contains(where: { section($0) != nil }) else { return items }
    var (common, own): ([Item], [Item]) = ([], [])
    for item in items {
      if let section = section(item) {
        let name = String(item.name.dropFirst(section.count + 1))
        guard section == command, !name.isEmpty else { continue }
        own.append(Item(name: name, value: item.value, line: item.line))
      } else if !shared.contains(item.name) {
        throw refuse(
          "\(path), line \(item.line)", "\(item.name) stands above the sections and is not for all of them",
          "move it into a section: \(sections.joined(separator: ", "))")
      } else if knows(item.name) {
        common.append(item)
      }
    }
    return common + own
  }

  /// The settings as YAML, dotted names nested, a group where its first setting stands.
  public static func text(_ values: [(name: String, value: String)], heading: String) -> String {
    var groups: [(name: String, text: String)] = []
    for (name, value) in values {
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        groups.append((name, "\(name): \(quoted(value))\n"))
        continue
      }
      let line = "  \(parts[1]): \(quoted(value))\n"
      if let index = groups.firstIndex(where: { $0.name == parts[0] }) {
        groups[index].text += line
      } else {
        groups.append((parts[0], "\(parts[0]):\n\(line)"))
      }
    }
    return heading.split(separator: "\n").map { "# \($0)\n" }.joined() + groups.map(\.text).joined()
  }

  private static func collect(_ mapping: Node.Mapping, prefix: String, _ path: String, _ items: inout [Item])
    throws
  {
    for (key, value) in mapping {
      let line = key.mark?.line ?? 0
      guard let name = key.string else {
        throw refuse("\(path), line \(line)", "a key is not a text", "correct it")
      }
      guard name.utf8.count <= longestKey else {
        throw refuse("\(path), line \(line)", "a key is longer than \(longestKey) bytes", "correct it")
      }
      let full = prefix.isEmpty ? name : "\(prefix).\(name)"
      switch value {
      case .scalar(let scalar): items.append(Item(name: full, value: scalar.string, line: line))
      case .mapping(let inner):
        guard full.split(separator: ".").count < 3 else {
          throw refuse("\(path), line \(line)", "keys are nested too deeply", "write three levels at most")
        }
        try collect(inner, prefix: full, path, &items)
      case .sequence(let list):
        let texts = list.compactMap(\.scalar?.string)
        guard texts.count == list.count else {
          throw refuse(
            "\(path), line \(line)", "\(full) is a list of more than plain values", "write plain values")
        }
        items.append(Item(name: full, value: texts.joined(separator: ", "), line: line))
      case .alias: fatalError("a file with aliases was let through")
      }
    }
  }

  private static func quoted(_ value: String) -> String {
    let plain = value.allSatisfy { $0.isLetter || $0.isNumber || "._-/+ ,".contains($0) }
    let begins = value.first.map { $0.isLetter || $0.isNumber || "./".contains($0) } ?? false
    if plain && begins && value.last != " " { return value }
    var text = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    for (character, escape) in [("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")] {
      text = text.replacing(character, with: escape)
    }
    return "\"\(text)\""
  }

  private static let what = "cannot read the config"

  private static func refuse(_ place: String, _ why: String, _ remedy: String) -> Problem {
    Problem(what, at: place, because: why, remedy: remedy)
  }
}
