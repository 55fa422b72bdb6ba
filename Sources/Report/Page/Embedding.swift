// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// Pictures as they stand in a page: as data, so that it needs no other file.
enum Embedding {
  /// A photograph.
  static func photo(_ image: RGBImage, quality: Int = 80) -> HTML {
    data(image.jpegBytes(quality: quality), "image/jpeg")
  }

  /// Classes in their colours.
  static func map(_ map: LabelMap, _ palette: Palette) -> HTML {
    data(map.pngBytes(palette: palette, compression: 9), "image/png")
  }

  /// An element with a picture and what it shows in words.
  static func image(_ source: HTML, _ size: PixelSize, alt: String, kind: String = "") -> HTML {
    """
    <img class="\(kind)" src="\(source)" width="\(size.width)" height="\(size.height)" alt="\(alt)">
    """
  }

  private static func data(_ bytes: [UInt8], _ type: String) -> HTML {
    "data:\(type);base64,\(Data(bytes).base64EncodedString())"
  }
}
