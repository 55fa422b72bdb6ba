// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("EXIF orientation")
struct ExifOrientationTests {
  static let values = (1...8).map { "exif\($0)" }
  static let pngs = values.map { "\($0).png" } + ["late.png"]
  static let jpegs = values.map { "\($0).jpg" } + ["big_endian.jpg"]

  @Test("Pictures of all eight orientations are turned as Pillow turns them", arguments: pngs + jpegs)
  func turned(name: String) throws {
    let ours = try Fixtures.picture("oriented/\(name)")
    let pillows = try Fixtures.rgb("oriented/\(name).rgb")
    let difference = try #require(largestDifference(ours, pillows))
    #expect(difference <= (name.hasSuffix(".png") ? 0 : 1))
    #expect(try ImageFile.readSize(Fixtures.path("oriented/\(name)")) == pillows.size)
    #expect(try ImageFile.isTurned(Fixtures.path("oriented/\(name)")) == !name.hasPrefix("exif1"))
  }

  @Test("Label values are turned as colours are", arguments: pngs)
  func labels(name: String) throws {
    let ids = try ImageFile.readIndices(Fixtures.path("oriented/\(name)"))
    let colours = try Fixtures.picture("oriented/\(name)")
    #expect(ids.size == colours.size && ids.values == colours.pixels.map(UInt16.init))
  }

  @Test("Pixels stay as they are stored where the orientation is ignored", arguments: pngs)
  func ignored(name: String) throws {
    let path = Fixtures.path("oriented/\(name)")
    let stored = try Fixtures.rgb("oriented/exif1.png.rgb")
    #expect(try ImageFile.readRGB(path, exif: .ignore) == stored)
    #expect(try ImageFile.readIndices(path, exif: .ignore).values == stored.pixels.map(UInt16.init))
    #expect(try ImageFile.readSize(path, exif: .ignore) == stored.size)
  }

  @Test("EXIF that ends early or says nonsense turns nothing, whatever its bytes are")
  func damaged() throws {
    let whole = try FileBytes.read(Fixtures.path("oriented/exif6.jpg"))
    let stored = try ImageFile.readRGB(Fixtures.path("oriented/exif6.jpg"), exif: .ignore)
    let start = try #require(whole.indices.first { whole[$0...].starts(with: Array("Exif\0\0".utf8)) }) + 6
    var turned = 0
    for place in start..<start + 26 {
      for value: UInt8 in [0, 1, 8, 9, 0x7f, 0x80, 0xff] {
        var bytes = whole
        bytes[place] = value
        let size = try ImageFile.decode(bytes, name: "x.jpg").size
        turned += size == stored.size ? 0 : 1
      }
    }
    #expect(turned > 0)
    let cut = Array(whole[..<2]) + [0xff, 0xe1, 0, 10] + Array("Exif\0\0MM".utf8) + Array(whole[2...])
    #expect(try ImageFile.decode(cut, name: "x.jpg") == stored)
  }
}
