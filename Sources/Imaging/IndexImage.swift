// SPDX-License-Identifier: Apache-2.0

/// The samples of a picture as they are stored: palette indices or grey and colour values, nothing looked up,
/// nothing scaled.
public struct IndexImage: Equatable, Sendable {
  /// Width and height in pixels.
  public let size: PixelSize
  /// 1 for grey and palette files, 3 for colour; alpha is left out.
  public let channels: Int
  /// `channels * width * height` values, rows from the top, channels interleaved.
  public let values: [UInt16]
  /// Whether the values are indices into the file's palette.
  public let isPalette: Bool

  /// An image of known values; it traps where their number is not that of the pixels.
  public init(size: PixelSize, channels: Int, values: [UInt16], isPalette: Bool) {
    guard values.count == channels * size.area else {
      fatalError(
        "an index image of \(size) with \(channels) channels needs \(channels * size.area) values, "
          + "got \(values.count)")
    }
    self.size = size
    self.channels = channels
    self.values = values
    self.isPalette = isPalette
  }

  /// The first pixel whose channels differ, counted along the rows; nil where the image is grey.
  public var firstColour: Int? {
    guard channels > 1 else { return nil }
    return values.withUnsafeBufferPointer { values in
      (0..<size.area).first { pixel in
        (1..<channels).contains { values[channels * pixel + $0] != values[channels * pixel] }
      }
    }
  }
}
