// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

extension Manifest {
  /// Refuses to go on with the run that `before` tells of where something that its results depend on is
  /// another now: a file, or a setting of `Root` that is not free.
  ///
  /// - `path`: the run's folder.
  func checkUnchanged<Root: RunSettings>(
    since before: Manifest, at path: String, _ root: Root.Type
  ) throws {
    let values = (settings ?? [:]).map { (name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    let old = before.settings ?? [:]
    let placed = old.merging(before.placed(old.map { ($0.key, $0.value) })) { $1 }
    if let change = Root.change(from: placed, to: values) {
      throw Problem(
        "cannot resume the run with another \(change.name)", at: path,
        because: "it began with \(change.old), now it is \(change.new)",
        remedy: "set it back in the run's config.yaml, or start a new run")
    }
    for (old, new) in zip(before.contents, contents) where old.sha256 != new.sha256 {
      throw Problem(
        "cannot resume the run", at: path, because: "its \(new.name) have changed since it began",
        remedy: "restore them, or start a new run")
    }
  }

  /// Of settings those that name files by a path relative to where the run began, with the whole path: it goes on
  /// from another folder.
  func placed(_ values: [(name: String, value: String)]) -> [String: String] {
    let files = FileManager.default
    guard let folder, folder != files.currentDirectoryPath else { return [:] }
    let found = values.filter { name, value in
      let isPath =
        Self.paths.contains(name) || (Self.definitions.contains(name) && value.hasSuffix(".yaml"))
      return isPath && !value.isEmpty && !value.hasPrefix("/")
        && files.fileExists(atPath: "\(folder)/\(value)")
    }
    return Dictionary(uniqueKeysWithValues: found.map { ($0.name, "\(folder)/\($0.value)") })
  }

  private static let paths: Set = [
    "network.weights", "network.backbone", "data.images", "data.labels", "data.root", "validation.images",
    "validation.labels", "validation.root",
  ]
  /// They are names, or files of one's own.
  private static let definitions: Set = [
    "data.dataset", "data.label_space", "network.classes", "validation.dataset", "validation.label_space",
  ]

  /// The files that the results depend on, each by the hash of what is in it; nil for none.
  var contents: [(name: String, sha256: String?)] {
    [
      ("weights", weights.sha256), ("images", images.sha256), ("labels", labels?.sha256),
      ("validation images", validation?.images.sha256), ("validation labels", validation?.labels.sha256),
    ]
  }

  /// A line about what computes otherwise than where the run of `before` began; nil where nothing does.
  func otherMachine(than before: Manifest) -> String? {
    let differences = [
      ("iapc", before.versions.iapc, versions.iapc),
      ("libtorch", before.versions.libtorch, versions.libtorch), ("device", before.device, device),
      ("processor", before.processor, processor), ("threads", "\(before.threads)", "\(threads)"),
    ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.2) (was \($0.1))" }
    guard !differences.isEmpty else { return nil }
    return
      "goes on with \(differences.joined(separator: ", ")): last bits of its numbers can differ from those "
      + "of a run without the break"
  }
}
