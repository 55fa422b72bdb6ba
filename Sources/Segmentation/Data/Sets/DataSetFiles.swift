// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

extension DataSet {
  /// The images of a split, in the order of their paths.
  ///
  /// - Throws: a `Problem` that tells the folder expected and what is there instead, and where the root seems
  ///   to be if it is a level off.
  public func images(of split: Split, in root: String) throws -> ImageList {
    let base = Self.join(root, split.images.base)
    if Self.isFile(base) { return try ImageList(at: base) }
    let (entries, leftOut) = try entries(of: split.images, in: root, ImageList.imageEndings, "images")
    var list = try ImageList(source: base, entries: entries)
    list.leftOut = leftOut
    return list
  }

  /// Pairs images with the label files of a split.
  ///
  /// - Throws: a `Problem` for a split without labels, labels that are not where they are expected, and as
  ///   `LabelledImages.init` does.
  func labelled(
    _ images: ImageList, of split: Split, in root: String, space: LabelSpace,
    allowing: LabelledImages.Unpaired, by option: String?
  ) throws -> LabelledImages {
    guard let usual = split.labels.first else {
      let others = splits.filter { !$0.labels.isEmpty }.map(\.name)
      throw Problem(
        "this split has no labels", at: "\(name) \(split.name)",
        because: "none are given out for it",
        remedy: others.isEmpty
          ? "use its images only"
          : "use its images only, or a split with labels: "
            + others.joined(separator: ", "))
    }
    let group = split.labels.first { Self.isThere($0, in: root) } ?? usual
    let files = try entries(of: group, in: root, ImageList.labelEndings, "labels").entries
    return try LabelledImages(
      images: images, labels: files, from: Self.join(root, group.base), space: space, allowing: allowing,
      by: option)
  }

  private func entries(
    of group: FileGroup, in root: String, _ endings: Set<String>, _ kind: String
  ) throws -> (entries: [ImageList.Entry], leftOut: LeftOut) {
    let base = Self.join(root, group.base)
    let folders = group.folders.filter { Self.isFolder(FolderWalk.join(base, $0)) }
    guard !folders.isEmpty else { throw misplaced(group, root, kind) }
    var leftOut = LeftOut()
    let all = try folders.flatMap { folder in
      let list = try ImageList(folder: FolderWalk.join(base, folder), endings: endings, of: kind)
      leftOut.add(list.leftOut)
      return list.entries.map {
        ImageList.Entry(path: $0.path, name: FolderWalk.join(folder, $0.name))
      }
    }
    let wanted = all.filter { $0.name.hasSuffix(group.suffix) }
    guard !wanted.isEmpty else {
      throw Problem(
        "the folder has no \(kind) of \(name)", at: base,
        because: "expected names that end in \(group.suffix), found \(firstThree(all.map(\.name)))",
        remedy: "give the data set as it is shipped")
    }
    return (wanted.sorted { FolderWalk.precedes($0.path, $1.path) }, leftOut)
  }

  /// The problem of files that are not where they are expected.
  private func misplaced(_ group: FileGroup, _ root: String, _ kind: String) -> Problem {
    let what = "cannot find the \(kind) of \(name)"
    guard Self.isFolder(root) else {
      return Problem(
        what, at: root, because: Self.isFile(root) ? "it is a file" : "there is no such folder",
        remedy: "give the root folder of the data set with --data")
    }
    let expected = Self.join(Self.join(root, group.base), group.folders[0])
    // The folder nearest to the one expected tells most about what is missing.
    var nearest = group.base.hasPrefix("/") ? "/" : root
    for part in FolderWalk.join(group.base, group.folders[0]).split(separator: "/").map(String.init) {
      guard Self.isFolder(FolderWalk.join(nearest, part)) else { break }
      nearest = FolderWalk.join(nearest, part)
    }
    let inside = Self.names(in: nearest)
    let why = "expected \(expected), found \(inside.isEmpty ? "nothing" : firstThree(inside)) in \(nearest)"
    let below = Self.names(in: root).map { FolderWalk.join(root, $0) }
    if let better = (below + Self.above(root)).first(where: { Self.isThere(group, in: $0) }) {
      return Problem(
        what, at: root, because: why, remedy: "the root seems to be \(better): give it with --data")
    }
    return Problem(
      what, at: root, because: why, remedy: "complete the data set, or give its root folder with --data")
  }

  /// The folders that a path of a few levels too many may have meant.
  private static func above(_ root: String) -> [String] {
    var path = URL(fileURLWithPath: root).standardizedFileURL.path
    return (0..<3).map { _ in
      path = (path as NSString).deletingLastPathComponent
      return path
    }
  }

  private static func isThere(_ group: FileGroup, in root: String) -> Bool {
    group.folders.contains { isFolder(join(join(root, group.base), $0)) }
  }

  private static func names(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted(by: FolderWalk.precedes)
  }

  private static func join(_ root: String, _ path: String) -> String {
    path.hasPrefix("/") ? path : FolderWalk.join(root, path)
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func isFile(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path) && !isFolder(path)
  }
}
