// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("Damaged pictures")
struct DamagedFileTests {
  static let names = [
    "baseline.jpg", "progressive.jpg", "grey.jpg", "inks.jpg", "restarts.jpg",
    "rgb8.png", "palette8.png", "grey16.png", "rgb8_interlaced.png",
  ]

  @Test("A file cut short anywhere is refused", arguments: names)
  func truncated(name: String) throws {
    let bytes = try FileBytes.read(Fixtures.path("pictures/\(name)"))
    for count in Set(Array(stride(from: 1, to: bytes.count, by: 13)) + [bytes.count - 1, bytes.count - 2]) {
      let cut = Array(bytes[..<count])
      #expect(problem { _ = try ImageFile.decode(cut, name: "x") } != nil, "cut after \(count) bytes")
    }
  }

  @Test("A file cut within its picture data is called truncated", arguments: names)
  func truncatedMessage(name: String) throws {
    let bytes = try FileBytes.read(Fixtures.path("pictures/\(name)"))
    let count = bytes.count * 9 / 10
    let found = problem { _ = try ImageFile.decode(Array(bytes[..<count]), name: name) }
    #expect(found?.why == "the file is truncated: it ends after \(count) bytes, before the picture does")
    #expect(found?.place == name)
  }

  @Test("A wrong byte anywhere gives a picture of the header's size or a Problem", arguments: names)
  func flipped(name: String) throws {
    let bytes = try FileBytes.read(Fixtures.path("pictures/\(name)"))
    for place in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = bytes
        damaged[place] ^= mask
        do {
          let image = try ImageFile.decode(damaged, name: "x", limit: 1 << 20)
          #expect(image.pixels.count == 3 * image.size.area)
        } catch {
          #expect(error is Problem)
        }
      }
    }
  }

  @Test("Wrong bytes in a label file give values of the header's size or a Problem")
  func flippedLabels() throws {
    for name in ["palette4_interlaced", "rgb16", "grey1"] {
      let bytes = try FileBytes.read(Fixtures.path("pictures/\(name).png"))
      for place in bytes.indices {
        var damaged = bytes
        damaged[place] ^= 0x10
        do {
          let image = try ImageFile.decodeIndices(damaged, name: "x", limit: 1 << 20)
          #expect(image.values.count == image.channels * image.size.area)
        } catch {
          #expect(error is Problem)
        }
      }
    }
  }

  @Test("A PNG whose picture data fails its checksum is refused")
  func checksum() throws {
    var bytes = try FileBytes.read(Fixtures.path("pictures/rgb8.png"))
    bytes[bytes.count - 20] ^= 1
    let found = problem { _ = try ImageFile.decode(bytes, name: "x.png") }
    #expect(found?.why.hasPrefix("the file is damaged") == true)
  }

  @Test("A JPEG with a lost stretch of its scan is refused")
  func lostStretch() throws {
    let bytes = try FileBytes.read(Fixtures.path("pictures/baseline.jpg"))
    let holed = Array(bytes[..<1000] + bytes[1300...])
    #expect(problem { _ = try ImageFile.decode(holed, name: "x.jpg") } != nil)
  }
}
