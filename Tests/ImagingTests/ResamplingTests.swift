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

/// The expected bytes are those of OpenCV 5.0, `cv2.resize`.
@Suite("Bilinear resampling")
struct BilinearTests {
  private let source = RGBImage(
    size: PixelSize(width: 6, height: 4),
    pixels: [
      99, 206, 239, 189, 230, 118, 144, 73, 8, 228, 231, 190, 155, 112, 158, 208, 7, 204, 143, 113, 181, 231,
      80, 27, 44, 205, 203, 65, 175, 30, 212, 86, 125, 146, 254, 121, 137, 106, 41, 233, 190, 129, 210, 103,
      144, 206, 5, 58, 0, 208, 132, 110, 164, 105, 179, 27, 31, 2, 68, 38, 105, 211, 147, 18, 113, 245, 135,
      100, 108, 109, 158, 190,
    ])

  @Test("gives OpenCV's bytes at half the size")
  func half() {
    let expected: [UInt8] = [
      166, 157, 141, 120, 171, 108, 180, 115, 152, 138, 98, 60, 135, 108, 149, 89, 158, 134,
    ]
    #expect(source.resizedBilinear(to: PixelSize(width: 3, height: 2)).pixels == expected)
  }

  @Test("gives OpenCV's bytes within a step elsewhere, where that rounds its weights")
  func others() {
    let smaller: [UInt8] = [
      129, 194, 197, 144, 122, 56, 192, 193, 160, 189, 63, 181, 163, 116, 103, 153, 149, 150, 128, 104, 65,
      123, 194, 117, 139, 52, 38, 102, 167, 123, 65, 101, 188, 110, 149, 160,
    ]
    let taller: [UInt8] = [
      99, 206, 239, 155, 221, 163, 172, 171, 77, 154, 93, 31, 217, 211, 167, 182, 156, 170, 175, 73, 175, 208,
      7, 204, 130, 141, 198, 185, 131, 108, 164, 140, 88, 79, 169, 136, 109, 188, 86, 164, 130, 113, 183, 126,
      139, 164, 180, 146, 140, 110, 111, 198, 125, 90, 192, 142, 114, 128, 146, 157, 134, 98, 60, 117, 125,
      97,
      114, 170, 123, 128, 209, 113, 149, 82, 38, 158, 127, 78, 169, 146, 118, 175, 123, 141, 153, 50, 118, 81,
      124, 121, 66, 171, 127, 110, 162, 130, 179, 27, 31, 68, 53, 35, 41, 121, 79, 94, 199, 159, 29, 125, 233,
      91, 105, 159, 125, 122, 139, 109, 158, 190,
    ]
    for (width, height, expected) in [(4, 3, smaller), (8, 5, taller)] {
      let found = source.resizedBilinear(to: PixelSize(width: width, height: height)).pixels
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
  }

  @Test("changes nothing at the same size")
  func same() { #expect(source.resizedBilinear(to: source.size) == source) }
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
