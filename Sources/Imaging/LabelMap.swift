// SPDX-License-Identifier: Apache-2.0

/// One class index a pixel, rows from the top.
public struct LabelMap: Equatable, Sendable {
  /// The value of a pixel that belongs to no class: it counts in no loss and no score.
  public static let ignored: UInt8 = 255

  public let size: PixelSize
  /// `width * height` class indices.
  public var pixels: [UInt8]

  public init(size: PixelSize, pixels: [UInt8]) {
    guard pixels.count == size.area else {
      fatalError("a label map of \(size) needs \(size.area) bytes, got \(pixels.count)")
    }
    self.size = size
    self.pixels = pixels
  }

  public init(size: PixelSize, filledWith value: UInt8 = LabelMap.ignored) {
    self.size = size
    pixels = [UInt8](repeating: value, count: size.area)
  }

  public var width: Int { size.width }
  public var height: Int { size.height }
}
