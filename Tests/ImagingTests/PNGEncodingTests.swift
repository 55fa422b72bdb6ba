// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Testing

@Suite("Writing PNG")
struct PNGEncodingTests {
  let labels = LabelMap(size: PixelSize(width: 4, height: 2), pixels: [0, 1, 2, 255, 3, 3, 0, 7])

  @Test("A picture read back is the same")
  func picture() throws {
    let image = try Fixtures.picture("resampled/source.png")
    for level in [0, 1, 9] {
      #expect(try ImageFile.decode(image.pngBytes(compression: level), name: "x.png") == image)
    }
  }

  @Test("A label map read back has the same values, with and without a palette")
  func labelMap() throws {
    let grey = try ImageFile.decodeIndices(labels.pngBytes(), name: "x.png")
    #expect(grey.values == labels.pixels.map(UInt16.init) && !grey.isPalette && grey.channels == 1)
    let palette = Palette(bytes: [9, 8, 7, 6, 5, 4])
    let coloured = labels.pngBytes(palette: palette)
    let indices = try ImageFile.decodeIndices(coloured, name: "x.png")
    #expect(indices.values == grey.values && indices.isPalette)
    let colours = try ImageFile.decode(coloured, name: "x.png")
    #expect(Array(colours.pixels[..<12]) == [9, 8, 7, 6, 5, 4, 0, 0, 0, 0, 0, 0])
  }

  @Test("Values of 16 bits are read back the same, in grey and in colour", arguments: [1, 3])
  func wide(channels: Int) throws {
    let values = (0..<labels.size.area * channels).map { UInt16(truncatingIfNeeded: 2731 * $0 + 255) }
    let image = IndexImage(size: labels.size, channels: channels, values: values, isPalette: false)
    #expect(try ImageFile.decodeIndices(image.png16Bytes(), name: "x.png") == image)
  }

  @Test("A file is written whole and nothing is left beside it")
  func file() throws {
    try withScratchFolder { folder in
      try labels.writePNG(to: folder + "/labels.png")
      try RGBImage(size: labels.size).writePNG(to: folder + "/picture.png")
      #expect(try ImageFile.readIndices(folder + "/labels.png").size == labels.size)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["labels.png", "picture.png"])
    }
  }
}
