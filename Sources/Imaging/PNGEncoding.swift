// SPDX-License-Identifier: Apache-2.0

import CImage
import Files

/// Up to 256 colours, one for each value of a label map.
public struct Palette: Equatable, Sendable {
  /// Three bytes a colour: red, green, blue.
  public let bytes: [UInt8]

  /// Colours as red, green and blue of one after the other.
  public init(bytes: [UInt8]) {
    guard bytes.count % 3 == 0, (3...768).contains(bytes.count) else {
      fatalError("a palette needs 3 bytes for each of 1 to 256 colours, got \(bytes.count) bytes")
    }
    self.bytes = bytes
  }

  /// How many colours there are.
  public var count: Int { bytes.count / 3 }
}

extension RGBImage {
  /// The picture as the bytes of an 8-bit RGB PNG file.
  ///
  /// - Parameter compression: zlib's level, 0 (fastest) to 9 (smallest).
  public func pngBytes(compression: Int = 6) -> [UInt8] {
    encodePNG(pixels, size, channels: 3, palette: nil, compression)
  }

  /// Writes the picture as a PNG file, whole or not at all.
  public func writePNG(to path: String, compression: Int = 6) throws {
    try AtomicFile.write(pngBytes(compression: compression), to: path)
  }
}

extension LabelMap {
  /// The classes as the bytes of an 8-bit PNG file: grey values, or palette indices where a palette is given.
  ///
  /// A class beyond the palette's colours is filled up with black, so that every file can be shown.
  public func pngBytes(palette: Palette? = nil, compression: Int = 6) -> [UInt8] {
    guard let palette else { return encodePNG(pixels, size, channels: 1, palette: nil, compression) }
    let largest = Int(pixels.max() ?? 0)
    let missing = max(0, largest + 1 - palette.count)
    let colours = palette.bytes + [UInt8](repeating: 0, count: 3 * missing)
    return encodePNG(pixels, size, channels: 1, palette: colours, compression)
  }

  /// Writes the classes as a PNG file, whole or not at all.
  public func writePNG(to path: String, palette: Palette? = nil, compression: Int = 6) throws {
    try AtomicFile.write(pngBytes(palette: palette, compression: compression), to: path)
  }
}

extension IndexImage {
  /// The values as the bytes of a PNG file of 16 bits a sample: grey for one channel, RGB for three.
  public func png16Bytes(compression: Int = 6) -> [UInt8] {
    guard !isPalette, channels == 1 || channels == 3 else {
      fatalError(
        "a PNG of 16 bits holds 1 or 3 channels of values, got \(channels) of \(isPalette ? "indices" : "values")"
      )
    }
    return encodePNG(values, size, channels: channels, palette: nil, compression)
  }
}

// An array of the right length always encodes, so a failure is a mistake of the program or the end of memory.
private func encodePNG<Sample: FixedWidthInteger>(
  _ pixels: [Sample], _ size: PixelSize, channels: Int, palette: [UInt8]?, _ compression: Int
) -> [UInt8] {
  var encoded: UnsafeMutablePointer<UInt8>?
  var count = 0
  var status = CI_OK
  let message = cMessage { message in
    pixels.withUnsafeBufferPointer { pixels in
      (palette ?? []).withUnsafeBufferPointer { colours in
        var picture = ci_picture(
          pixels: pixels.baseAddress, width: UInt32(size.width), height: UInt32(size.height),
          channels: Int32(channels), bits: Int32(Sample.bitWidth),
          palette: palette == nil ? nil : colours.baseAddress,
          palette_count: Int32(colours.count / 3), compression: Int32(compression))
        status = ci_encode_png(&picture, &encoded, &count, message)
      }
    }
  }
  guard status == CI_OK, let encoded else { fatalError("cannot encode a PNG of \(size): \(message)") }
  defer { ci_free(encoded) }
  return [UInt8](UnsafeBufferPointer(start: encoded, count: count))
}
