// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Testing

@Suite struct JPEGEncodingTests {
  /// A picture without sharp edges, which a JPEG keeps well.
  private var smooth: RGBImage {
    var image = RGBImage(size: PixelSize(width: 61, height: 37))
    for y in 0..<37 {
      for x in 0..<61 {
        let place = 3 * (y * 61 + x)
        image.pixels.replaceSubrange(place..<place + 3, with: [UInt8(4 * x), UInt8(6 * y), 90])
      }
    }
    return image
  }

  @Test("What is written is read again, of the same size and nearly the same colours")
  func readAgain() throws {
    let image = smooth
    let found = try ImageFile.decode(image.jpegBytes(quality: 95), name: "a.jpg")
    #expect(found.size == image.size)
    let worst = zip(found.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(worst <= 12, "off by \(worst)")
  }

  @Test("A lower quality takes fewer bytes, and the same picture the same ones")
  func quality() {
    #expect(smooth.jpegBytes(quality: 30).count < smooth.jpegBytes(quality: 95).count)
    #expect(smooth.jpegBytes() == smooth.jpegBytes())
  }
}
