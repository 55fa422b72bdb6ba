// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging

extension ImageList {
  /// The SHA-256 of all names and file contents, in order: two lists of the same hash hold the same images.
  ///
  /// It reads every file, so call it once, where a cache or a manifest needs it.
  ///
  /// - `checkStop`: asked between files; what it throws ends the reading.
  /// - Throws: a `Problem` for a file that cannot be read.
  public func contentHash(checkStop: () throws -> Void = {}) throws -> String {
    var text = ""
    for entry in entries {
      try checkStop()
      // What was made of the pixels as they are stored is not what is made of them turned.
      let isTurned = entry.exif == .apply && (try? ImageFile.isTurned(entry.path)) == true
      let form = isTurned ? "\0turned" : ""
      text += "\(entry.name)\0\(try FileHash.sha256(ofFile: entry.path))\(form)\n"
    }
    return FileHash.sha256(of: Array(text.utf8))
  }
}
