// SPDX-License-Identifier: Apache-2.0

/// A width and a height, in pixels.
public struct PixelSize: Equatable, Hashable, Sendable, CustomStringConvertible {
  /// Pixels in a row.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A size of so many columns and rows.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// How many pixels it has.
  public var area: Int { width * height }
  public var description: String { "\(width)x\(height)" }
}

/// A rectangle of pixels: columns `x ..< x + width`, rows `y ..< y + height`.
public struct PixelRect: Equatable, Hashable, Sendable {
  /// The first column.
  public var x: Int
  /// The first row.
  public var y: Int
  /// Width and height in pixels.
  public var size: PixelSize

  /// A rectangle whose upper left pixel is (x, y).
  public init(x: Int, y: Int, size: PixelSize) {
    self.x = x
    self.y = y
    self.size = size
  }
}

/// An 8-bit RGB picture: rows from the top, three interleaved bytes a pixel.
public struct RGBImage: Equatable, Sendable {
  /// Width and height in pixels.
  public let size: PixelSize
  /// `3 * width * height` bytes: red, green, blue of each pixel in turn.
  public var pixels: [UInt8]

  /// An image of known values; it traps where their number is not that of the pixels.
  public init(size: PixelSize, pixels: [UInt8]) {
    guard pixels.count == 3 * size.area else {
      fatalError("an RGB image of \(size) needs \(3 * size.area) bytes, got \(pixels.count)")
    }
    self.size = size
    self.pixels = pixels
  }

  /// An image of one colour.
  public init(size: PixelSize, filledWith red: UInt8 = 0, _ green: UInt8 = 0, _ blue: UInt8 = 0) {
    self.size = size
    pixels = [UInt8](unsafeUninitializedCapacity: 3 * size.area) { buffer, count in
      for i in 0..<size.area {
        (buffer[3 * i], buffer[3 * i + 1], buffer[3 * i + 2]) = (red, green, blue)
      }
      count = 3 * size.area
    }
  }

  /// Pixels in a row.
  public var width: Int { size.width }
  /// Rows.
  public var height: Int { size.height }
}
