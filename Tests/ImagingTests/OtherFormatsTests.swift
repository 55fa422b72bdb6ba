// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Testing

@Suite("WebP, TIFF and BMP")
struct OtherFormatsTests {
  private static func names(_ ending: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.path("formats"))) ?? []
    return files.filter { $0.hasSuffix(ending) }.sorted()
  }
  static let pictures = [".tif", ".webp", ".bmp"].flatMap(names)
  static let stored = names(".samples").map { String($0.dropLast(".samples".count)) }

  @Test("The fixtures are there")
  func fixtures() {
    #expect(Self.pictures.count == 27 && Self.stored.count == 11)
  }

  @Test("Every kind gives Pillow's RGB bytes, those of lossy ones within 2", arguments: pictures)
  func colours(name: String) throws {
    let difference = try #require(
      largestDifference(try Fixtures.picture("formats/\(name)"), Fixtures.rgb("formats/\(name).rgb")))
    let isLossy = ["lossy.webp", "jpeg.tif"].contains(name)
    #expect(difference <= (isLossy ? 2 : 0))
    let size = try Fixtures.rgb("formats/\(name).rgb").size
    #expect(try ImageFile.readSize(Fixtures.path("formats/\(name)")) == size)
  }

  @Test("The stored samples come out unchanged", arguments: stored)
  func samples(name: String) throws {
    let isPalette = name.hasPrefix("palette") || name == "old.bmp"
    let expected = try Fixtures.samples("formats/\(name).samples", isPalette: isPalette)
    #expect(try ImageFile.readIndices(Fixtures.path("formats/\(name)")) == expected)
  }

  @Test("Labels in lossy forms are refused", arguments: ["lossy.webp", "jpeg.tif"])
  func lossyLabels(name: String) throws {
    let found = problem { _ = try ImageFile.readIndices(Fixtures.path("formats/\(name)")) }
    #expect(found?.why.contains("which blurs label values") == true)
  }

  @Test(
    "Every file that ends early, at any byte, is a Problem or a picture, and never a crash",
    arguments: pictures)
  func truncated(name: String) throws {
    let bytes = try FileBytes.read(Fixtures.path("formats/\(name)"))
    var refused = 0
    for count in stride(from: 1, to: bytes.count - 1, by: 7) {
      let cut = Array(bytes[..<count])
      if problem({ _ = try ImageFile.decode(cut, name: name) }) != nil { refused += 1 }
      _ = problem { _ = try ImageFile.decodeIndices(cut, name: name) }
    }
    #expect(refused > bytes.count / 14)
  }

  @Test(
    "Changed bytes anywhere in a header are a Problem or a picture, and never a crash", arguments: pictures)
  func changed(name: String) throws {
    let bytes = try FileBytes.read(Fixtures.path("formats/\(name)"))
    // A TIFF has its directory at the end.
    let places = Array(0..<min(80, bytes.count)) + Array(max(80, bytes.count - 260)..<bytes.count)
    for place in places {
      for value: UInt8 in [0, 0x7f, 0xff] where bytes[place] != value {
        var other = bytes
        other[place] = value
        _ = problem { _ = try ImageFile.decode(other, name: name, limit: 1 << 16) }
        _ = problem { _ = try ImageFile.decodeIndices(other, name: name, limit: 1 << 16) }
      }
    }
  }

  @Test("A BMP whose size is more than its bytes is refused before memory is taken")
  func hugeBMP() throws {
    var bytes = try FileBytes.read(Fixtures.path("formats/rgb.bmp"))
    bytes.replaceSubrange(18..<26, with: [0, 0x20, 0, 0, 0, 0x20, 0, 0])
    let found = problem { _ = try ImageFile.decode(bytes, name: "x.bmp") }
    #expect(found?.why.contains("truncated") == true, "\(String(describing: found))")
  }
}
