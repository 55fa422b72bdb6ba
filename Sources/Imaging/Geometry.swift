// SPDX-License-Identifier: Apache-2.0

extension PixelSize {
  /// The rectangle that covers a picture of this size.
  public var bounds: PixelRect { PixelRect(x: 0, y: 0, size: self) }
}

extension PixelRect {
  /// Whether it lies within a picture of the size and has at least one pixel.
  public func fits(in picture: PixelSize) -> Bool {
    x >= 0 && y >= 0 && size.width > 0 && size.height > 0
      && x + size.width <= picture.width && y + size.height <= picture.height
  }

  func checked(in picture: PixelSize) -> PixelRect {
    guard fits(in: picture) else { fatalError("no \(size) at (\(x), \(y)) in a picture of \(picture)") }
    return self
  }
}

extension RGBImage {
  /// The part of the picture inside the rectangle, which must lie within it.
  public func cropped(to rect: PixelRect) -> RGBImage {
    RGBImage(size: rect.size, pixels: croppedRows(pixels, size, channels: 3, to: rect))
  }

  /// The picture with left and right exchanged.
  public func mirrored() -> RGBImage {
    let pixels = filledRows(size, channels: 3) { out in
      self.pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          var from = 3 * (y + 1) * width
          for to in stride(from: 3 * y * width, to: 3 * (y + 1) * width, by: 3) {
            from -= 3
            (out[to], out[to + 1], out[to + 2]) = (source[from], source[from + 1], source[from + 2])
          }
        }
      }
    }
    return RGBImage(size: size, pixels: pixels)
  }
}

extension LabelMap {
  /// The part of the map inside the rectangle, which must lie within it.
  public func cropped(to rect: PixelRect) -> LabelMap {
    LabelMap(size: rect.size, pixels: croppedRows(pixels, size, channels: 1, to: rect))
  }

  /// The map with left and right exchanged.
  public func mirrored() -> LabelMap {
    let pixels = filledRows(size, channels: 1) { out in
      self.pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let (first, last) = (y * width, (y + 1) * width - 1)
          for x in 0..<width { out[first + x] = source[last - x] }
        }
      }
    }
    return LabelMap(size: size, pixels: pixels)
  }
}

/// A picture's bytes, all of them written by the body.
func filledRows(
  _ size: PixelSize, channels: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Void
) -> [UInt8] {
  let count = channels * size.area
  return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    initialized = count
  }
}

private func croppedRows(_ pixels: [UInt8], _ size: PixelSize, channels: Int, to rect: PixelRect) -> [UInt8] {
  let rect = rect.checked(in: size)
  let rowBytes = channels * rect.size.width
  return filledRows(rect.size, channels: channels) { out in
    pixels.withUnsafeBufferPointer { source in
      for y in 0..<rect.size.height {
        let from = channels * ((rect.y + y) * size.width + rect.x)
        (out.baseAddress! + y * rowBytes).update(from: source.baseAddress! + from, count: rowBytes)
      }
    }
  }
}
