// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

extension ImageList.Entry {
  /// The image, turned as its EXIF asks unless the list leaves it as it is stored.
  ///
  /// - Throws: a `Problem` for a file that cannot be read.
  public func read() throws -> RGBImage { try ImageFile.readRGB(path, exif: exif) }

  /// The size of what `read` gives, out of the file's header.
  ///
  /// - Throws: a `Problem` for a file that cannot be read.
  public func readSize() throws -> PixelSize { try ImageFile.readSize(path, exif: exif) }
}

extension ImageList {
  /// The same images with their EXIF heeded or not.
  public func reading(_ exif: ExifOrientation) -> ImageList {
    var list = self
    list.entries = entries.map { Entry(path: $0.path, name: $0.name, exif: exif) }
    return list
  }
}
