// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("Resampling")
struct ResamplingTests {
  static let sizes = [
    PixelSize(width: 64, height: 48), PixelSize(width: 61, height: 29), PixelSize(width: 17, height: 13),
    PixelSize(width: 5, height: 4), PixelSize(width: 48, height: 50), PixelSize(width: 70, height: 36),
    PixelSize(width: 120, height: 36), PixelSize(width: 48, height: 9), PixelSize(width: 1, height: 1),
    PixelSize(width: 47, height: 35), PixelSize(width: 40, height: 12), PixelSize(width: 40, height: 20),
    PixelSize(width: 40, height: 19),
  ]
  let source: RGBImage

  init() throws {
    source = try Fixtures.picture("resampled/source.png")
  }

  @Test("Bicubic resampling gives Pillow's bytes", arguments: sizes)
  func bicubic(size: PixelSize) throws {
    #expect(try source.resizedBicubic(to: size) == Fixtures.picture("resampled/bicubic_\(size).png"))
  }

  @Test("Nearest resampling gives Pillow's bytes", arguments: sizes)
  func nearest(size: PixelSize) throws {
    #expect(try source.resizedNearest(to: size) == Fixtures.picture("resampled/nearest_\(size).png"))
  }

  @Test("A label map is resampled as a picture's channel is", arguments: sizes)
  func labels(size: PixelSize) {
    let channel = LabelMap(size: source.size, pixels: every(third: source.pixels))
    #expect(channel.resizedNearest(to: size).pixels == every(third: source.resizedNearest(to: size).pixels))
  }

  @Test("A crop of the result is the crop of the whole result", arguments: sizes)
  func crops(size: PixelSize) {
    var random = SeededGenerator(seed: UInt64(size.area))
    let labels = LabelMap(size: source.size, pixels: every(third: source.pixels))
    for _ in 0..<40 {
      let width = 1 + random.below(size.width)
      let height = 1 + random.below(size.height)
      let rect = PixelRect(
        x: random.below(size.width - width + 1), y: random.below(size.height - height + 1),
        size: PixelSize(width: width, height: height))
      #expect(
        source.resizedBicubic(to: size, crop: rect) == source.resizedBicubic(to: size).cropped(to: rect))
      #expect(
        source.resizedNearest(to: size, crop: rect) == source.resizedNearest(to: size).cropped(to: rect))
      #expect(
        labels.resizedNearest(to: size, crop: rect) == labels.resizedNearest(to: size).cropped(to: rect))
    }
  }

  @Test("Resampling to the same size changes nothing")
  func same() {
    let rect = PixelRect(x: 3, y: 4, size: PixelSize(width: 20, height: 10))
    #expect(source.resizedBicubic(to: source.size) == source)
    #expect(source.resizedBicubic(to: source.size, crop: rect) == source.cropped(to: rect))
    #expect(source.resizedNearest(to: source.size) == source)
  }

  private func every(third bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 3).map { bytes[$0] }
  }
}

@Suite("Cropping and mirroring")
struct GeometryTests {
  @Test("A crop takes the rectangle's pixels")
  func crop() {
    let map = LabelMap(size: PixelSize(width: 3, height: 2), pixels: [1, 2, 3, 4, 5, 6])
    let rect = PixelRect(x: 1, y: 0, size: PixelSize(width: 2, height: 2))
    #expect(map.cropped(to: rect).pixels == [2, 3, 5, 6])
    let image = RGBImage(size: PixelSize(width: 2, height: 1), pixels: [1, 2, 3, 4, 5, 6])
    let right = PixelRect(x: 1, y: 0, size: PixelSize(width: 1, height: 1))
    #expect(image.cropped(to: right).pixels == [4, 5, 6])
  }

  @Test("Mirroring exchanges left and right and keeps a pixel's channels in order")
  func mirror() {
    let map = LabelMap(size: PixelSize(width: 3, height: 2), pixels: [1, 2, 3, 4, 5, 6])
    #expect(map.mirrored().pixels == [3, 2, 1, 6, 5, 4])
    let image = RGBImage(size: PixelSize(width: 2, height: 1), pixels: [1, 2, 3, 4, 5, 6])
    #expect(image.mirrored().pixels == [4, 5, 6, 1, 2, 3])
  }

  @Test("A rectangle fits only where all its pixels lie in the picture")
  func fits() {
    let picture = PixelSize(width: 4, height: 3)
    #expect(picture.bounds.fits(in: picture))
    #expect(!PixelRect(x: 1, y: 0, size: picture).fits(in: picture))
    #expect(!PixelRect(x: -1, y: 0, size: PixelSize(width: 2, height: 2)).fits(in: picture))
    #expect(!PixelRect(x: 0, y: 0, size: PixelSize(width: 0, height: 2)).fits(in: picture))
  }
}
