// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

extension ImageList {
  /// The SHA-256 of all names and file contents, in order: two lists of the same hash hold the same images.
  ///
  /// It reads every file, so call it once, where a cache or a manifest needs it.
  ///
  /// - Throws: a `Problem` for a file that cannot be read.
  public func contentHash() throws -> String {
    var text = ""
    for entry in entries {
      text += "\(entry.name)\0\(try FileHash.sha256(ofFile: entry.path))\n"
    }
    return FileHash.sha256(of: Array(text.utf8))
  }
}
