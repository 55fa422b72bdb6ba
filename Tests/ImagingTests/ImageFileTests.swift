// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("Reading pictures")
struct ImageFileTests {
  @Test("Every kind of PNG gives Pillow's RGB bytes", arguments: Fixtures.pngs)
  func pngColours(name: String) throws {
    #expect(try Fixtures.picture("pictures/\(name).png") == Fixtures.rgb("pictures/\(name).rgb"))
  }

  @Test("Every kind of JPEG gives Pillow's RGB bytes, within 1", arguments: Fixtures.jpegs)
  func jpegColours(name: String) throws {
    let ours = try Fixtures.picture("pictures/\(name).jpg")
    let difference = try #require(largestDifference(ours, Fixtures.rgb("pictures/\(name).rgb")))
    #expect(difference <= 1)
  }

  @Test("The stored samples of every kind of PNG come out unchanged", arguments: Fixtures.pngs)
  func samples(name: String) throws {
    let expected = try Fixtures.samples(
      "pictures/\(name).samples", isPalette: name.hasPrefix("palette"))
    #expect(try ImageFile.readIndices(Fixtures.path("pictures/\(name).png")) == expected)
  }

  @Test("The header's size is the decoded picture's size")
  func size() throws {
    #expect(try ImageFile.readSize(Fixtures.path("pictures/rgb16.png")) == PixelSize(width: 27, height: 19))
    #expect(try ImageFile.readSize(Fixtures.path("pictures/inks.jpg")) == PixelSize(width: 83, height: 61))
  }

  @Test("A size behind a header longer than the first read is found")
  func longHeader() throws {
    let jpeg = try FileBytes.read(Fixtures.path("pictures/baseline.jpg"))
    let comment: [UInt8] = [0xff, 0xfe, 0xff, 0xff] + [UInt8](repeating: 7, count: 0xfffd)
    try withScratchFolder { folder in
      let path = folder + "/long.jpg"
      try AtomicFile.write(Array(jpeg[..<2]) + comment + comment + Array(jpeg[2...]), to: path)
      #expect(try ImageFile.readSize(path) == PixelSize(width: 83, height: 61))
    }
  }

  @Test("Bytes in memory decode as the file does")
  func memory() throws {
    let bytes = try FileBytes.read(Fixtures.path("pictures/progressive.jpg"))
    #expect(try ImageFile.decode(bytes, name: "shot") == Fixtures.picture("pictures/progressive.jpg"))
  }

  @Test("A label file that is a JPEG is refused")
  func jpegLabels() throws {
    let found = problem { _ = try ImageFile.readIndices(Fixtures.path("pictures/grey.jpg")) }
    #expect(found?.why == "expected a PNG, found a JPEG, which blurs label values")
  }

  @Test("An extension that contradicts the content is refused with the name to give")
  func extensions() throws {
    let png = try FileBytes.read(Fixtures.path("pictures/rgb8.png"))
    let jpeg = try FileBytes.read(Fixtures.path("pictures/baseline.jpg"))
    let asJPEG = problem { _ = try ImageFile.decode(png, name: "a.b/x.JPG") }
    #expect(asJPEG?.why == "the file holds a PNG but is named .jpg")
    #expect(asJPEG?.remedy == "rename it to .png")
    let asPNG = problem { _ = try ImageFile.decode(jpeg, name: "x.png") }
    #expect(asPNG?.why == "the file holds a JPEG but is named .png")
    #expect(problem { _ = try ImageFile.decode(jpeg, name: "folder.png/shot") } == nil)
    #expect(problem { _ = try ImageFile.decode(jpeg, name: "x.jpeg") } == nil)
  }

  @Test("A picture beyond the caller's limit is refused before it is decoded")
  func limit() throws {
    let path = Fixtures.path("pictures/rgb8.png")
    #expect(try ImageFile.readRGB(path, limit: 27 * 19).width == 27)
    let found = problem { _ = try ImageFile.readRGB(path, limit: 27 * 19 - 1) }
    #expect(found?.why == "its 27x19 pixels are more than the 512 that are allowed")
  }

  @Test("What is no readable picture is told apart")
  func strangers() throws {
    #expect(problem { _ = try ImageFile.readRGB(Fixtures.folder) }?.why == "it is a directory")
    let missing = problem { _ = try ImageFile.readRGB(Fixtures.path("pictures/none.png")) }
    #expect(missing?.why == "there is no such file")
    #expect(problem { _ = try ImageFile.decode([], name: "x.png") }?.why == "the file is empty (0 bytes)")
    let gif = problem { _ = try ImageFile.decode(Array("GIF89a....".utf8), name: "x.png") }
    #expect(gif?.why == "expected a JPEG, PNG, WebP, TIFF or BMP, found a GIF")
    let text = problem { _ = try ImageFile.decode(Array("hello".utf8), name: "x.png") }
    #expect(text?.why == "expected a JPEG, PNG, WebP, TIFF or BMP, found no image")
  }
}
