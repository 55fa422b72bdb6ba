// SPDX-License-Identifier: Apache-2.0

import Files

/// What was found beside the images and could not be taken: told, so that nobody takes a part for the whole.
public struct LeftOut: Encodable, Equatable, Sendable {
  /// Files in picture formats that are not read, by their paths.
  public internal(set) var otherFormats: [String] = []
  /// Links that lead nowhere, by their paths.
  public internal(set) var deadLinks: [String] = []

  /// Whether nothing was left out.
  public var isEmpty: Bool { otherFormats.isEmpty && deadLinks.isEmpty }

  /// A line for each kind: how many there are, and the first of them.
  public var lines: [String] {
    var lines: [String] = []
    if !otherFormats.isEmpty {
      lines.append(
        "\(counts) of a picture format that is not read: \(firstThree(otherFormats.map(PathText.shown))); "
          + "convert them to PNG")
    }
    if !deadLinks.isEmpty {
      lines.append(
        "\(deadLinks.count) \(deadLinks.count == 1 ? "link leads" : "links lead") nowhere: "
          + firstThree(deadLinks.map(PathText.shown)) + "; restore what they lead to, or remove them")
    }
    return lines
  }

  /// "3 .heic, 1 .gif": how many of each ending.
  var counts: String {
    Dictionary(grouping: otherFormats.map(pathEnding)) { $0 }.mapValues(\.count)
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) .\($0.key)" }.joined(separator: ", ")
  }

  mutating func add(_ other: LeftOut) {
    otherFormats += other.otherFormats
    deadLinks += other.deadLinks
  }

  /// The endings of pictures that cameras, phones and tools write and that are not read here.
  static let strangers: Set<String> = [
    "heic", "heif", "avif", "jxl", "gif", "jp2", "j2k", "jpx", "jxr", "ppm", "pgm", "pnm", "pam", "pbm",
    "pfm",
    "exr", "hdr", "tga", "dds", "svg", "psd", "raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf",
    "apng", "qoi", "ico", "pcx", "sgi", "ras", "fits", "dcm",
  ]
}

/// The ending of a path's name in lower case, without its dot; "" for none.
func pathEnding(_ path: String) -> String {
  let name = path.split(separator: "/").last ?? ""
  guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
  return name[name.index(after: dot)...].lowercased()
}
