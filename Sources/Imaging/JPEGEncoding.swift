// SPDX-License-Identifier: Apache-2.0

import CImage

extension RGBImage {
  /// The picture as the bytes of a JPEG file: for people to look at, a tenth of the PNG's size.
  ///
  /// - Parameter quality: libjpeg's, 1 to 100.
  public func jpegBytes(quality: Int = 82) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var status = CI_OK
    let message = cMessage { message in
      pixels.withUnsafeBufferPointer { pixels in
        var picture = ci_picture(
          pixels: pixels.baseAddress, width: UInt32(size.width), height: UInt32(size.height), channels: 3,
          bits: 8, palette: nil, palette_count: 0, compression: 0)
        status = ci_encode_jpeg(&picture, Int32(quality), &encoded, &count, message)
      }
    }
    guard status == CI_OK, let encoded else { fatalError("cannot encode a JPEG of \(size): \(message)") }
    defer { ci_free(encoded) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: count))
  }
}
