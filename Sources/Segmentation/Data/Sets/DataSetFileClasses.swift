// SPDX-License-Identifier: Apache-2.0

import Files
import Yams

extension DataSetFile {
  /// The label space of a data set's file: a known one by name, or its own classes; nil where it has neither.
  func labelSpace(_ name: String, _ fields: [String: Node]) throws -> LabelSpace? {
    let mapping = try classMapping(fields)
    if let node = fields["label_space"] {
      for other in ["classes", "ids", "ignore", "channel"] {
        guard let extra = fields[other] else { continue }
        throw refuse(extra, "`\(other):` and `label_space:` both tell the classes", "keep one of the two")
      }
      let known = try at(node) { try LabelSpace.named(text(node)) }
      guard let mapping else { return known }
      return try at(fields["class_mapping"] ?? node) {
        try LabelSpace(
          name: known.name, classes: known.classes, indices: known.indices, ignoredIDs: known.ignoredIDs,
          fileSuffix: known.fileSuffix, channel: known.channel, classMapping: mapping)
      }
    }
    guard let node = fields["classes"] else {
      for other in ["ids", "ignore", "channel", "class_mapping"] {
        guard let extra = fields[other] else { continue }
        throw refuse(extra, "`\(other):` stands without `classes:`", "list the classes")
      }
      return nil
    }
    let items = try list(node)
    guard items.count <= 255 else {
      throw refuse(node, "it lists \(items.count) classes, expected at most 255", "list its classes")
    }
    let classes = try items.enumerated().map { try labelClass($1, index: $0) }
    let indices = try fields["ids"].map { try self.indices($0, classes) }
    let ignored = try fields["ignore"].map { try list($0).map(number) } ?? [255]
    return try at(node) {
      try LabelSpace(
        name: name, classes: classes, indices: indices, ignoredIDs: Set(ignored),
        channel: fields["channel"].map(number), classMapping: mapping)
    }
  }

  private func classMapping(_ fields: [String: Node]) throws -> LabelSpace.ClassMapping? {
    guard let node = fields["class_mapping"] else {
      if let extra = fields["class_mapping_from"] {
        throw refuse(extra, "`class_mapping_from:` stands without `class_mapping:`", "add the mapping")
      }
      return nil
    }
    let classes = try pairs(of: node).map { ($0.name, try text($0.node)) }
    return LabelSpace.ClassMapping(
      from: try fields["class_mapping_from"].map(text) ?? "cityscapes19",
      classes: Dictionary(classes, uniquingKeysWith: { first, _ in first }))
  }

  /// A class as a name, or as `{name: road, colour: [128, 64, 128]}`.
  private func labelClass(_ node: Node, index: Int) throws -> LabelClass {
    guard node.mapping != nil else { return Self.coloured(try text(node), index: index) }
    let fields = try fields(of: node, in: "class", known: ["name", "colour"])
    guard let name = try fields["name"].map(text) else {
      throw refuse(node, "the class has no `name:`", "add it")
    }
    guard let colour = fields["colour"] else { return Self.coloured(name, index: index) }
    let parts = try list(colour).map(number).compactMap(UInt8.init(exactly:))
    guard parts.count == 3, try list(colour).count == 3 else {
      throw refuse(colour, "a colour is three numbers of 0 to 255", "write it as [red, green, blue]")
    }
    return LabelClass(name, parts[0], parts[1], parts[2])
  }

  /// A class in the colour that Cityscapes draws it in, or else in one of its index.
  private static func coloured(_ name: String, index: Int) -> LabelClass {
    LabelSpace.cityscapes19.classes.first { $0.name == name } ?? LabelClass(indexed: name, index)
  }

  private func indices(_ node: Node, _ classes: [LabelClass]) throws -> [Int: Int] {
    var indices: [Int: Int] = [:]
    for (key, value) in try pairs(of: node) {
      guard let id = Int(key) else {
        throw refuse(value, "expected a label id, found \(key)", "write `id: class`")
      }
      let name = try text(value)
      guard let index = classes.firstIndex(where: { $0.name == name }) else {
        throw unknownName(name, of: "class of the data set", known: classes.map(\.name), at: place(of: value))
      }
      indices[id] = index
    }
    return indices
  }

  /// Adds the line of the file to a problem of what it says there.
  private func at<Result>(_ node: Node, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(problem.place) in \(place(of: node))", because: problem.why,
        remedy: problem.remedy)
    }
  }
}
