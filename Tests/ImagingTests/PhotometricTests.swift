// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("Photometric distortion and blur")
struct PhotometricTests {
  /// Holds a change against the stored pictures, stacked; a value half-way between two may go either way.
  private func check(
    _ kind: String, _ strengths: [Double], _ picture: String, _ change: (RGBImage, Double) -> RGBImage
  ) throws {
    let source = try Fixtures.picture("colour/\(picture).png")
    let expected = try Fixtures.picture("colour/\(picture)_\(kind).png")
    #expect(expected.height == strengths.count * source.height)
    for (index, strength) in strengths.enumerated() {
      let place = PixelRect(x: 0, y: index * source.height, size: source.size)
      let (found, wanted) = (change(source, strength), expected.cropped(to: place))
      let different = zip(found.pixels, wanted.pixels).filter { $0 != $1 }.count
      #expect(largestDifference(found, wanted) ?? 255 <= 1, "\(kind) \(strength)")
      #expect(different <= found.pixels.count / 100, "\(kind) \(strength): \(different) values differ")
    }
  }

  @Test("Saturation is colorsys' in hue, saturation and value", arguments: ["vivid", "flat"])
  func saturation(picture: String) throws {
    try check("saturation", [0, 0.531, 0.807, 1.229, 1.471, 3], picture) { image, factor in
      var change = PhotometricChange()
      change.saturation = factor
      return image.applying(change)
    }
  }

  @Test("Turning the hue is colorsys' in hue, saturation and value", arguments: ["vivid", "flat"])
  func hue(picture: String) throws {
    try check("hue", [-180, -37, 13, 36, 89, 359], picture) { image, angle in
      var change = PhotometricChange()
      change.hue = angle
      return image.applying(change)
    }
  }

  @Test("Blur is a Gaussian's, mirrored at the edge", arguments: ["vivid", "flat"])
  func blur(picture: String) throws {
    try check("blur", [0.15, 0.6, 1.15, 2.5], picture) { $0.blurred(deviation: $1) }
  }

  @Test("Blur leaves an even picture, a tiny one, and every one at deviation 0")
  func blurEdges() throws {
    for size in [PixelSize(width: 1, height: 1), PixelSize(width: 2, height: 7)] {
      let image = RGBImage(size: size, filledWith: 10, 200, 30)
      #expect(image.blurred(deviation: 3) == image)
    }
    let vivid = try Fixtures.picture("colour/vivid.png")
    #expect(vivid.blurred(deviation: 0) == vivid)
  }

  @Test("Brightness adds, contrast multiplies, before or after the colours")
  func light() {
    let image = RGBImage(size: PixelSize(width: 1, height: 1), filledWith: 100, 40, 250)
    var change = PhotometricChange()
    change.brightness = 20
    #expect(image.applying(change).pixels == [120, 60, 255])
    change.contrast = 0.5
    #expect(image.applying(change).pixels == [60, 30, 128])
    // V = 255, D = 195: with the factor 0.5 a channel goes half-way to V.
    change.saturation = 0.5
    #expect(image.applying(change).pixels == [94, 79, 128])
    change.contrastIsLast = true
    #expect(image.applying(change).pixels == [94, 79, 128])
    #expect(image.applying(PhotometricChange()) == image)
  }

  @Test("A hue turned there and back, greys and full circles stay")
  func circle() throws {
    let vivid = try Fixtures.picture("colour/vivid.png")
    var (there, back) = (PhotometricChange(), PhotometricChange())
    (there.hue, back.hue) = (120, -120)
    #expect(vivid.applying(there).applying(back) == vivid)
    there.hue = 360
    #expect(vivid.applying(there) == vivid)
    let grey = RGBImage(size: PixelSize(width: 2, height: 2), filledWith: 77, 77, 77)
    (there.hue, there.saturation) = (33, 1.5)
    #expect(grey.applying(there) == grey)
  }

  @Test("Draws follow from their seed, lie in the ranges, and leave each part alone half of the time")
  func draws() {
    let distortion = PhotometricDistortion()
    var (a, b) = (SeededGenerator(seed: 3), SeededGenerator(seed: 3))
    var none = [0, 0, 0, 0]
    var last = 0
    for _ in 0..<4000 {
      let change = distortion.draw(using: &a)
      #expect(change == distortion.draw(using: &b))
      #expect(abs(change.brightness) <= 32 && abs(change.hue) <= 36)
      #expect((0.5...1.5).contains(change.contrast) && (0.5...1.5).contains(change.saturation))
      let untouched = [
        change.brightness == 0, change.contrast == 1, change.saturation == 1, change.hue == 0,
      ]
      for (i, holds) in untouched.enumerated() where holds { none[i] += 1 }
      last += change.contrastIsLast ? 1 : 0
    }
    for count in none + [last] { #expect(abs(count - 2000) < 150) }
  }
}
