// SPDX-License-Identifier: Apache-2.0

/// A width and a height, in pixels.
public struct PixelSize: Equatable, Hashable, Sendable, CustomStringConvertible {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  public var area: Int { width * height }
  public var description: String { "\(width)x\(height)" }
}

/// A rectangle of pixels: columns `x ..< x + width`, rows `y ..< y + height`.
public struct PixelRect: Equatable, Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var size: PixelSize

  public init(x: Int, y: Int, size: PixelSize) {
    self.x = x
    self.y = y
    self.size = size
  }
}

/// An 8-bit RGB picture: rows from the top, three interleaved bytes a pixel.
public struct RGBImage: Equatable, Sendable {
  public let size: PixelSize
  /// `3 * width * height` bytes: red, green, blue of each pixel in turn.
  public var pixels: [UInt8]

  public init(size: PixelSize, pixels: [UInt8]) {
    guard pixels.count == 3 * size.area else {
      fatalError("an RGB image of \(size) needs \(3 * size.area) bytes, got \(pixels.count)")
    }
    self.size = size
    self.pixels = pixels
  }

  public init(size: PixelSize, filledWith red: UInt8 = 0, _ green: UInt8 = 0, _ blue: UInt8 = 0) {
    self.size = size
    pixels = [UInt8](unsafeUninitializedCapacity: 3 * size.area) { buffer, count in
      for i in 0..<size.area {
        (buffer[3 * i], buffer[3 * i + 1], buffer[3 * i + 2]) = (red, green, blue)
      }
      count = 3 * size.area
    }
  }

  public var width: Int { size.width }
  public var height: Int { size.height }
}
