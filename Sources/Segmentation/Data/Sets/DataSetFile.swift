// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Yams

extension DataSet {
  /// The data set that a .yaml file describes: one's own.
  ///
  ///     name: street
  ///     root: street-1.0              # default: the file's folder
  ///     splits:
  ///       train: {images: train/images, labels: train/labels}
  ///     labelSpace: cityscapes19      # or classes of its own, see Documentation/DataSets.md
  ///
  /// - Throws: a `Problem` with the line for what cannot be understood.
  public init(file path: String) throws {
    let file = try DataSetFile(path)
    let top = try file.fields(
      of: file.root, in: "data set",
      known: [
        "name", "root", "splits", "label_space", "classes", "ids", "ignore", "channel", "class_mapping",
        "class_mapping_from",
      ])
    let folder = (path as NSString).deletingLastPathComponent
    let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    let name = try top["name"].map(file.text) ?? stem
    let root = try top["root"].map(file.text) ?? ""
    guard let parts = top["splits"] else {
      throw file.refuse(file.root, "it has no `splits:`", "add splits: {train: {images: FOLDER}}")
    }
    let splits = try file.pairs(of: parts).map { name, node in try file.split(name, node) }
    guard !splits.isEmpty else { throw file.refuse(parts, "there is no split", "add one") }
    self.init(
      name, try file.labelSpace(name, top),
      root: root.hasPrefix("/") ? root : FolderWalk.join(folder.isEmpty ? "." : folder, root), splits: splits)
  }
}

/// The fields of a data set's file, each with its line for problems.
struct DataSetFile {
  let path: String
  let root: Node

  init(_ path: String) throws {
    self.path = path
    guard let node = try YAMLFile.root(of: path, what: Self.what) else {
      throw Problem(Self.what, at: path, because: "it is empty", remedy: "write the data set's splits")
    }
    root = node
  }

  private static let what = "cannot read the data set"

  func place(of node: Node) -> String { node.mark.map { "\(path), line \($0.line)" } ?? path }

  func refuse(_ node: Node, _ why: String, _ remedy: String) -> Problem {
    Problem(Self.what, at: place(of: node), because: why, remedy: remedy)
  }

  /// The keys and values of a mapping, in the file's order.
  func pairs(of node: Node) throws -> [(name: String, node: Node)] {
    guard let mapping = node.mapping else {
      throw refuse(node, "expected lines of `key: value`, found another form", "write it as a mapping")
    }
    return try mapping.map { (try text($0.key), $0.value) }
  }

  /// The values of a mapping whose keys are known. A key in camelCase means the one in snake_case: such files lie beside
  /// data sets, and do not change with the program.
  func fields(of node: Node, in kind: String, known: [String]) throws -> [String: Node] {
    var fields: [String: Node] = [:]
    for (written, value) in try pairs(of: node) {
      let name = SnakeCaseKey.name(of: written)
      guard known.contains(name) else {
        throw unknownName(written, of: "field of a \(kind)", known: known, at: place(of: value))
      }
      fields[name] = value
    }
    return fields
  }

  func text(_ node: Node) throws -> String {
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw refuse(node, "expected a text, found none", "write a plain value")
    }
    return text
  }

  func number(_ node: Node) throws -> Int {
    let text = try text(node)
    guard let number = Int(text) else {
      throw refuse(node, "expected a whole number, found \(text)", "correct it")
    }
    return number
  }

  /// The values of a list; a single value is a list of one.
  func list(_ node: Node) throws -> [Node] {
    if case .sequence(let items) = node { return Array(items) }
    _ = try text(node)
    return [node]
  }

  func split(_ name: String, _ node: Node) throws -> DataSet.Split {
    let fields = try fields(of: node, in: "split", known: ["images", "labels", "count"])
    guard let images = fields["images"] else {
      throw refuse(node, "the split \(name) has no `images:`", "add their folder or list")
    }
    let count = try fields["count"].map(number)
    if let node = fields["count"], let count, count < 1 {
      throw refuse(node, "expected a number of images, found \(count)", "correct it or leave it out")
    }
    let labels = try fields["labels"].map { [DataSet.FileGroup(try text($0))] }
    return DataSet.Split(
      name, DataSet.FileGroup(try text(images)), labels: labels ?? [], count: count)
  }
}
