// SPDX-License-Identifier: Apache-2.0

import CImage
import Files

/// What a file holds, by its first bytes.
enum ImageFormat: Equatable {
  case jpeg
  case png
  case webp
  case tiff
  case bmp
  /// Something that is not read here, in words: "a GIF".
  case other(String)

  init(sniffing bytes: [UInt8]) {
    switch ci_sniff(bytes, bytes.count) {
    case CI_FORMAT_JPEG: self = .jpeg
    case CI_FORMAT_PNG: self = .png
    case CI_FORMAT_WEBP: self = .webp
    case CI_FORMAT_TIFF: self = .tiff
    case CI_FORMAT_BMP: self = .bmp
    default: self = .other(Self.strangers.first { bytes.matches($0.start, at: $0.place) }?.name ?? "no image")
    }
  }

  var name: String {
    switch self {
    case .jpeg: "a JPEG"
    case .png: "a PNG"
    case .webp: "a WebP"
    case .tiff: "a TIFF"
    case .bmp: "a BMP"
    case .other(let name): name
    }
  }

  /// How files of the format are named.
  private var ending: String? {
    switch self {
    case .jpeg: "jpg"
    case .png: "png"
    case .webp: "webp"
    case .tiff: "tif"
    case .bmp: "bmp"
    case .other: nil
    }
  }

  /// Refuses a name whose extension promises another format than the bytes hold.
  func checkExtension(of name: String) throws {
    let base = name.lastIndex(of: "/") ?? name.startIndex
    guard let dot = name.lastIndex(of: "."), dot > base else { return }
    let said = name[name.index(after: dot)...].lowercased()
    let promised: ImageFormat? =
      switch said {
      case "jpg", "jpeg", "jpe", "jfif": .jpeg
      case "png": .png
      case "webp": .webp
      case "tif", "tiff": .tiff
      case "bmp", "dib": .bmp
      default: nil
      }
    guard let promised, promised != self else { return }
    throw Problem(
      "cannot read the image", at: name, because: "the file holds \(self.name) but is named .\(said)",
      remedy: ending.map { "rename it to .\($0)" } ?? "convert it or remove it")
  }

  private static let strangers: [(name: String, place: Int, start: String)] = [
    ("a GIF", 0, "GIF8"), ("an AVIF or HEIC", 4, "ftyp"), ("a PDF", 0, "%PDF"),
    ("a ZIP archive", 0, "PK\u{3}"), ("a web page", 0, "<!DOCTYPE"), ("a web page", 0, "<html"),
    ("a Git LFS pointer, not the picture itself", 0, "version https://git-lfs"),
    ("an SVG or XML text", 0, "<?xml"),
  ]
}

extension [UInt8] {
  fileprivate func matches(_ text: String, at place: Int) -> Bool {
    count >= place + text.utf8.count && self[place..<place + text.utf8.count].elementsEqual(text.utf8)
  }
}
