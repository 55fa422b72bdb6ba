// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Segmentation
import Torch

/// Refuses a folder for results with something in it, unless it may be written over. Makes nothing.
func checkOutput(_ path: String, overwrite: Bool) throws {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
    throw Problem(
      "cannot use the output folder", at: path, because: "it is a file", remedy: "name a new folder")
  }
  let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  guard content.isEmpty || overwrite else {
    throw Problem(
      "the output folder is not empty", at: path, because: "files in it could be replaced",
      remedy: "name a new folder, or say --overwrite")
  }
}

/// Refuses a folder that holds other files than those that will be written: a server would refuse it later.
func checkNothingElse(in folder: String, than names: [String]) throws {
  let files = FileManager.default
  var isFolder: ObjCBool = false
  let own = Set(names)
  let other = (files.subpaths(atPath: folder) ?? []).sorted().first { path in
    files.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder) && !isFolder.boolValue
      && !own.contains(path)
  }
  guard let other else { return }
  throw Problem(
    "the output folder holds something else", at: "\(folder)/\(other)",
    because: "a submission must hold its own files only", remedy: "name a new folder, or remove the file")
}

/// Refuses a file for results that could not be written, before the work that it is to tell of.
func checkOutputFile(_ path: String?) throws {
  guard let path else { return }
  let folder = parentFolder(of: path)
  var isFolder: ObjCBool = false
  let files = FileManager.default
  guard files.fileExists(atPath: folder.isEmpty ? "." : folder, isDirectory: &isFolder), isFolder.boolValue
  else {
    throw Problem(
      "cannot write the file", at: path, because: "its folder does not exist", remedy: "make the folder first"
    )
  }
  guard !files.fileExists(atPath: path, isDirectory: &isFolder) || !isFolder.boolValue else {
    throw Problem(
      "cannot write the file", at: path, because: "a directory has that name", remedy: "name a file")
  }
  guard files.isWritableFile(atPath: folder.isEmpty ? "." : folder) else {
    throw Problem(
      "cannot write the file", at: path, because: "permission to write there is denied",
      remedy: "name a folder you may write in")
  }
}

/// Refuses a file that could not be written, and one that is there, unless it may be replaced.
func checkNewFile(_ path: String, overwrite: Bool) throws {
  try checkOutputFile(path)
  guard overwrite || !FileManager.default.fileExists(atPath: path) else {
    throw Problem(
      "the output is there already", at: path, because: "it would be replaced",
      remedy: "name another file, or say --overwrite")
  }
}

/// Runs a body that writes files into a folder. If it fails, what it added goes again.
///
/// Results of a body that the user interrupts stay; files that it replaced are whole either way.
///
/// - Parameter names: the files that the body will write, relative to the folder.
func withResults(in folder: String, named names: [String], _ body: () throws -> Void) throws {
  let files = FileManager.default
  var folders: Set<String> = []
  for name in [""] + names {
    var path = name.isEmpty ? folder : "\(folder)/\(parentFolder(of: name))"
    while !path.isEmpty, !folders.contains(path), !files.fileExists(atPath: path) {
      folders.insert(path)
      path = parentFolder(of: path)
    }
  }
  let added = names.map { "\(folder)/\($0)" }.filter { !files.fileExists(atPath: $0) }
  func takeBack() {
    for path in added { try? files.removeItem(atPath: path) }
    // Deepest first; rmdir takes empty folders only, so nothing of anyone else goes.
    for path in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { rmdir(path) }
  }
  do {
    try makeFolder(folder)
    try FailedComputation.rescuing { _ in
      takeBack()
      return nil
    } _: {
      try body()
    }
  } catch let problem as Problem {
    takeBack()
    throw problem
  }
}

/// A folder of label maps, or one that this program wrote them to beside other pictures.
struct LabelMapFolder {
  /// Where the maps are.
  let path: String
  /// The name of the label space that they are in, where the program told it.
  let classes: String?

  /// - `folder`: the output of `predict` or `pseudo-label`, a benchmark's submission, or the maps' own folder.
  init(_ folder: String) {
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    let others = ["colours", "overlays", "confidence", "legend.svg", "labelTrainIds_invalid"]
    let inner = others.contains(where: isThere) ? ["labels", "labelTrainIds"].first(where: isThere) : nil
    path = inner.map { "\(folder)/\($0)" } ?? folder
    let above = parentFolder(of: path)
    classes =
      ["\(above.isEmpty ? "." : above)/legend.svg"].lazy.compactMap { file -> String? in
        guard let bytes = try? FileBytes.read(file, atMost: 1 << 20) else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).firstMatch(
          of: /<title>Classes of ([^<]+)<\/title>/)?.output.1
        return name.map(String.init).flatMap { LabelSpace.known.map(\.name).contains($0) ? $0 : nil }
      }.first
  }
}
