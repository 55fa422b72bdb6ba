// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// The files of a folder and of the folders in it.
enum FolderWalk {
  /// The relative paths of the files with one of the endings (lower case, no dot), sorted by their bytes.
  ///
  /// Hidden files and folders are left out. Links are followed, each folder is read once: real folders come
  /// before linked ones, so a link that leads back into the folder adds nothing and ends nowhere.
  ///
  /// - Throws: a `Problem` for a folder that cannot be read and a link that leads nowhere.
  static func files(in folder: String, endings: Set<String>) throws -> [String] {
    var found: [String] = []
    var visited: Set<String> = []
    var real = [""]
    var linked: [String] = []
    while let next = real.popLast() ?? linked.popLast() {
      let path = join(folder, next)
      guard visited.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted else {
        continue
      }
      for name in try names(in: path) where !name.hasPrefix(".") {
        let relative = join(next, name)
        let isImage = endings.contains((name as NSString).pathExtension.lowercased())
        switch try kind(of: join(folder, relative)) {
        case .folder: real.append(relative)
        case .linkedFolder: linked.append(relative)
        case .file where isImage: found.append(relative)
        case .nothing where isImage: throw deadLink(join(folder, relative))
        case .file, .nothing: continue
        }
      }
      linked.sort { precedes($1, $0) }
    }
    return found.sorted(by: precedes)
  }

  /// Bytewise order, the same on every machine.
  static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

  static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty
      ? name : name.isEmpty ? folder : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  private enum Kind { case file, folder, linkedFolder, nothing }

  private static func kind(of path: String) throws -> Kind {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .nothing }
    guard isFolder.boolValue else { return .file }
    let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
    return isLink ? .linkedFolder : .folder
  }

  private static func names(in path: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw Problem(
        "cannot read the folder", at: path, because: error.localizedDescription,
        remedy: "check that it is there and may be read")
    }
  }

  private static func deadLink(_ path: String) -> Problem {
    Problem(
      "cannot read the image", at: path, because: "it is a link to a file that is not there",
      remedy: "restore the file or remove the link")
  }
}
