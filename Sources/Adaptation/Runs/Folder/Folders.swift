// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Makes a folder and those above it; no error where it is there.
public func makeFolder(_ path: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  } catch {
    let why = folderObstacle(path) ?? (error as NSError).localizedFailureReason ?? error.localizedDescription
    throw Problem("cannot make the folder", at: path, because: why, remedy: "choose a place you may write to")
  }
}

/// Why a folder could not be made or written to, as far as it can be told without trying.
package func folderObstacle(_ path: String) -> String? {
  let files = FileManager.default
  var place = path
  var isFolder: ObjCBool = false
  while !place.isEmpty, !files.fileExists(atPath: place, isDirectory: &isFolder) {
    place = parentFolder(of: place)
  }
  if !place.isEmpty, !isFolder.boolValue { return "\(place) is a file" }
  if place.isEmpty { place = "." }
  return files.isWritableFile(atPath: place) ? nil : "permission to write in \(place) is denied"
}
