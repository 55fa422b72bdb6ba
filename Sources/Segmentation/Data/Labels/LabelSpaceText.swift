// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

extension LabelSpace {
  /// What weights say of their network's classes: a known space by its name, others with names and colours.
  struct Told: Codable {
    struct Item: Codable {
      let name: String
      let colour: [UInt8]
    }

    let name: String
    let classes: [Item]
  }

  /// The classes as a text that `named` understands anywhere: without the file that they came from.
  package var text: String {
    if let known = Self.known.first(where: { $0.name == name }), known.classes == classes { return name }
    let told = Told(
      name: name, classes: classes.map { Told.Item(name: $0.name, colour: [$0.red, $0.green, $0.blue]) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(told)).map { String(decoding: $0, as: UTF8.self) } ?? name
  }

  /// The classes that a text tells in full; nil where it is no such text.
  ///
  /// - Throws: a `Problem` where it cannot be understood.
  static func told(_ text: String) throws -> LabelSpace? {
    guard text.hasPrefix("{") else { return nil }
    guard let told = try? JSONDecoder().decode(Told.self, from: Data(text.utf8)),
      told.classes.allSatisfy({ $0.colour.count == 3 })
    else {
      throw Problem(
        "cannot use the label space", at: String(text.prefix(60)), because: "its text is damaged",
        remedy: "name the classes with --classes")
    }
    return try LabelSpace(
      name: told.name,
      classes: told.classes.map { LabelClass($0.name, $0.colour[0], $0.colour[1], $0.colour[2]) })
  }

  /// The classes of a data set of one's own; nil where the text is no name of such a file.
  ///
  /// - Throws: a `Problem` where the file cannot be understood or tells no classes.
  static func ofFile(_ path: String) throws -> LabelSpace? {
    guard ["yaml", "yml"].contains((path as NSString).pathExtension.lowercased()) else { return nil }
    guard let space = try DataSet(file: path).labelSpace else {
      throw Problem(
        "cannot use the label space", at: path, because: "the file tells no classes",
        remedy: "add `classes:` or `label_space:` to it")
    }
    return space
  }
}
