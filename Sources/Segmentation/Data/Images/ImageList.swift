// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging

/// The images of a data set, in a fixed order, each with a name of its own.
public struct ImageList: Equatable, Sendable {
  /// An image of the list.
  public struct Entry: Equatable, Hashable, Sendable {
    /// Where the file is.
    public let path: String
    /// The path relative to the folder or list, without extension: "aachen/aachen_000000_000019".
    /// It never leads out of a folder that results are written to.
    public let name: String
    /// What becomes of the orientation that the file's EXIF tells.
    public let exif: ExifOrientation

    /// An image at a path, under the name of its results.
    public init(path: String, name: String, exif: ExifOrientation = .apply) {
      self.path = path
      self.name = name
      self.exif = exif
    }
  }

  /// The folder, list file or image that was given.
  public let source: String
  /// What was found beside them and could not be taken.
  public internal(set) var leftOut = LeftOut()
  /// The images in their order.
  public internal(set) var entries: [Entry]

  /// How many images there are.
  public var count: Int { entries.count }

  static let imageEndings: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "dib",
  ]

  /// Those of formats that keep values, as labels need it.
  static let labelEndings: Set<String> = ["png", "tif", "tiff", "bmp", "webp"]

  /// The images that a path stands for: a folder, a single image, or else a list file.
  public init(at path: String) throws {
    let kind = FileKind(at: path)
    guard kind.isFolder || kind == .file else {
      throw Problem(
        "cannot find the images", at: path, because: "there is no such folder or file",
        remedy: "give a folder of images or a list file with one path a line")
    }
    if kind.isFolder {
      try self.init(folder: path)
    } else if Self.imageEndings.union(LeftOut.strangers).contains(pathEnding(path)) {
      let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
      try self.init(source: path, entries: [Entry(path: path, name: PathText.name(name))])
    } else {
      try self.init(listFile: path)
    }
  }

  /// The JPEG, PNG, WebP, TIFF and BMP files of a folder and of the folders in it, sorted by path.
  ///
  /// - Throws: a `Problem` for a folder that is missing, cannot be read or has no image in it.
  public init(folder: String) throws {
    try self.init(folder: folder, endings: Self.imageEndings)
  }

  /// - Parameter kind: what the files are, for messages.
  init(folder: String, endings: Set<String>, of kind: String = "images") throws {
    let found = FileKind(at: folder)
    guard found.isFolder else {
      throw Problem(
        "cannot find the folder of \(kind)", at: folder,
        because: found == .file ? "it is a file" : "there is no such folder", remedy: "correct the path")
    }
    let walk = try FolderWalk(folder, endings: endings)
    let entries = walk.files.map {
      Entry(
        path: FolderWalk.join(folder, $0), name: PathText.name(($0 as NSString).deletingPathExtension))
    }
    guard !entries.isEmpty else {
      let wanted = endings.sorted().map { ".\($0)" }.joined(separator: ", ")
      let others = walk.leftOut.otherFormats.isEmpty ? "none" : "\(walk.leftOut.counts), which are not read"
      throw Problem(
        "the folder has no \(kind)", at: folder,
        because: "expected files that end in \(wanted), found \(others)",
        remedy: walk.leftOut.otherFormats.isEmpty
          ? "give the folder that holds the \(kind)"
          : endings == Self.labelEndings
            ? "write them as PNG from what they were made of (a JPEG blurs ids), or give another folder"
            : "convert them to PNG, or give another folder")
    }
    try self.init(source: folder, entries: entries)
    leftOut = walk.leftOut
  }

  /// The images named in a text file: one path a line, relative to the list's folder; blank lines and lines
  /// that start with # are skipped.
  ///
  /// - Throws: a `Problem` for a list that is not UTF-8 text, is empty, or names a file that is not there.
  public init(listFile: String) throws {
    let folder = parentFolder(of: listFile)
    let entries = try Self.lines(of: listFile).map { line in
      Entry(
        path: line.hasPrefix("/") ? line : FolderWalk.join(folder, line), name: Self.name(line, under: folder)
      )
    }
    guard !entries.isEmpty else {
      throw Problem(
        "the list names no images", at: listFile, because: "every line is blank or a comment",
        remedy: "write one path a line")
    }
    let missing = entries.filter { FileKind(at: $0.path) != .file }
    guard missing.isEmpty else {
      throw Problem(
        "the list names files that are not there", at: listFile,
        because: "\(missing.count) of \(entries.count) are missing: \(firstThree(missing.map(\.path)))",
        remedy: "paths are relative to the list's folder; correct them or restore the files")
    }
    try self.init(source: listFile, entries: entries)
  }

  /// A list of given entries.
  ///
  /// - Throws: a `Problem` for two entries of one name, since results are kept by name.
  public init(source: String, entries: [Entry]) throws {
    self.source = source
    self.entries = entries
    var paths: [String: String] = [:]
    for entry in entries {
      guard let other = paths.updateValue(entry.path, forKey: entry.name) else { continue }
      throw Problem(
        "two images have the same name", at: source,
        because: other == entry.path
          ? "\(other) comes twice"
          : "\(other) and \(entry.path) differ only in "
            + "their ending or folder, and results are kept by name",
        remedy: "remove or rename one; keep label files in a folder of their own")
    }
  }

  private static func lines(of listFile: String) throws -> [String] {
    let bytes = try FileBytes.readText(listFile, atMost: longestList)
    func refuse(_ why: String) -> Problem {
      Problem(
        "cannot read the list of images", at: listFile, because: why,
        remedy: "give a folder of images, an image, or a text file with one path a line")
    }
    guard !bytes.contains(0) else { throw refuse("it is not UTF-8 text") }
    let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    return try lines.compactMap { line in
      guard line.count <= longestPath else { throw refuse("a line of \(line.count) bytes is no path") }
      guard let text = String(validating: line, as: UTF8.self) else { throw refuse("it is not UTF-8 text") }
      let path = text.trimmingCharacters(in: .whitespaces)
      return path.isEmpty || path.hasPrefix("#") ? nil : path
    }
  }

  // In bytes: a list of a million paths, and the longest path that a system takes.
  private static let (longestList, longestPath) = (1 << 26, 4096)

  /// A listed path as a name: relative, without extension and without steps upwards.
  private static func name(_ line: String, under folder: String) -> String {
    var parts = line.split(separator: "/").filter { $0 != "." && $0 != ".." }
    if line.hasPrefix("/") {
      let above = URL(fileURLWithPath: folder.isEmpty ? "." : folder).path.split(separator: "/")
      if parts.starts(with: above) { parts.removeFirst(above.count) }
    }
    return (parts.joined(separator: "/") as NSString).deletingPathExtension
  }
}

/// "a, b, c and 4 more" for a list of names.
func firstThree(_ names: [String]) -> String {
  let shown = names.prefix(3).joined(separator: ", ")
  return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
}
