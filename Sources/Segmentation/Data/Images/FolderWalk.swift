// SPDX-License-Identifier: Apache-2.0

import Files

/// The files of a folder and of the folders in it.
struct FolderWalk {
  /// The relative paths of the files with one of the endings, sorted by their bytes.
  private(set) var files: [String] = []
  /// Pictures with other endings, and links that lead nowhere.
  private(set) var leftOut = LeftOut()

  /// Finds the files with one of the endings (lower case, no dot).
  ///
  /// Hidden files and folders are left out. Links are followed, each folder is read once: real folders come
  /// before linked ones, so a link that leads back into the folder adds nothing and ends nowhere.
  ///
  /// - Throws: a `Problem` for a folder that cannot be read, and for a link with one of the endings that leads nowhere.
  init(_ folder: String, endings: Set<String>) throws {
    let strangers = LeftOut.strangers.union(ImageList.imageEndings).subtracting(endings)
    var visited: Set<[UInt64]> = []
    var real = [""]
    var linked: [String] = []
    while let next = real.popLast() ?? linked.popLast() {
      let path = Self.join(folder, next)
      if case .folder(let identity, _) = FileKind(at: path), !visited.insert(identity).inserted { continue }
      for name in try FolderListing.names(in: path) where !name.hasPrefix(".") {
        let relative = Self.join(next, name)
        let (place, ending) = (Self.join(folder, relative), pathEnding(name))
        switch FileKind(at: place) {
        case .folder(_, let isLink): if isLink { linked.append(relative) } else { real.append(relative) }
        case .file where endings.contains(ending): files.append(relative)
        case .file where strangers.contains(ending): leftOut.otherFormats.append(place)
        case .deadLink where endings.contains(ending): throw Self.deadLink(place)
        case .deadLink: leftOut.deadLinks.append(place)
        case .file, .nothing: continue
        }
      }
      linked.sort { Self.precedes($1, $0) }
    }
    files.sort(by: Self.precedes)
    leftOut.otherFormats.sort(by: Self.precedes)
    leftOut.deadLinks.sort(by: Self.precedes)
  }

  /// Bytewise order, the same on every machine.
  static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

  static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty
      ? name : name.isEmpty ? folder : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  private static func deadLink(_ path: String) -> Problem {
    Problem(
      "cannot read the image", at: path, because: "it is a link to a file that is not there",
      remedy: "restore the file or remove the link")
  }
}
