// SPDX-License-Identifier: Apache-2.0

/// One class index a pixel, rows from the top.
public struct LabelMap: Equatable, Sendable {
  /// The value of a pixel that belongs to no class: it counts in no loss and no score.
  public static let ignored: UInt8 = 255

  /// Width and height in pixels.
  public let size: PixelSize
  /// `width * height` class indices.
  public var pixels: [UInt8]

  /// A map of known class indices, row by row; it traps where their number is not that of the pixels.
  public init(size: PixelSize, pixels: [UInt8]) {
    guard pixels.count == size.area else {
      fatalError("a label map of \(size) needs \(size.area) bytes, got \(pixels.count)")
    }
    self.size = size
    self.pixels = pixels
  }

  /// A map of one class index, or of ignored pixels.
  public init(size: PixelSize, filledWith value: UInt8 = LabelMap.ignored) {
    self.size = size
    pixels = [UInt8](repeating: value, count: size.area)
  }

  /// Pixels in a row.
  public var width: Int { size.width }
  /// Rows.
  public var height: Int { size.height }
}
