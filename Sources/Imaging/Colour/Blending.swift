// SPDX-License-Identifier: Apache-2.0

/// `from + factor * (to - from)` in single precision, cut to 0 ... 255 and to a whole number, as Pillow's
/// `Image.blend`.
@inline(__always)
func blended(_ from: UInt8, _ to: UInt8, _ factor: Float) -> UInt8 {
  let (from, to) = (Int32(from), Int32(to))
  let sum = Float(from) + factor * Float(to &- from)
  let value = max(0, min(255, sum))
  // Adding 2^23 leaves the nearest whole number in the low bits; one less where that was rounded up. Unlike a
  // conversion, which checks its range, this vectorises.
  let shifted = value + 0x1p23
  let excess: UInt32 = shifted - 0x1p23 > value ? 1 : 0
  return UInt8(truncatingIfNeeded: shifted.bitPattern &- excess)
}

/// The grey value of a colour: ITU-R 601-2 luma in 16-bit fixed point, rounded, as Pillow's `convert("L")`.
@inline(__always)
private func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
  let sum = UInt32(red) &* 19595 &+ UInt32(green) &* 38470 &+ UInt32(blue) &* 7471 &+ 0x8000
  return UInt8(truncatingIfNeeded: sum >> 16)
}

extension RGBImage {
  /// The mean of the grey values, rounded.
  var meanGrey: UInt8 {
    var sum = 0
    pixels.withUnsafeBufferPointer { source in
      for i in stride(from: 0, to: source.count, by: 3) {
        sum &+= Int(luma(source[i], source[i + 1], source[i + 2]))
      }
    }
    return size.area == 0 ? 0 : UInt8(Double(sum) / Double(size.area) + 0.5)
  }

  /// Source: Pillow, `ImageEnhance.Color`.
  func blendedWithGrey(_ factor: Float) -> RGBImage {
    let rowBytes = 3 * width
    let greys = UnsafeMutablePointer<UInt8>.allocate(capacity: rowBytes)
    defer { greys.deallocate() }
    let result = filledRows(size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let line = source.baseAddress! + y * rowBytes
          let to = out.baseAddress! + y * rowBytes
          // Two loops, because only the second one vectorises.
          for i in stride(from: 0, to: rowBytes, by: 3) {
            let grey = luma(line[i], line[i + 1], line[i + 2])
            (greys[i], greys[i + 1], greys[i + 2]) = (grey, grey, grey)
          }
          for i in 0..<rowBytes { to[i] = blended(greys[i], line[i], factor) }
        }
      }
    }
    return RGBImage(size: size, pixels: result)
  }

  /// The smoothing kernel is 1 1 1, 1 5 1, 1 1 1 over 13; the outermost pixels have none and stay.
  ///
  /// Source: Pillow, `ImageEnhance.Sharpness`, `ImageFilter.SMOOTH`.
  func blendedWithSmooth(_ factor: Float) -> RGBImage {
    guard width > 2, height > 2 else { return self }
    var result = self
    let rowBytes = 3 * width
    result.pixels.withUnsafeMutableBufferPointer { out in
      pixels.withUnsafeBufferPointer { source in
        for y in 1..<height - 1 {
          let line = source.baseAddress! + y * rowBytes
          blendRowWithSmooth(line, rowBytes, factor, into: out.baseAddress! + y * rowBytes)
        }
      }
    }
    return result
  }
}

private func blendRowWithSmooth(
  _ line: UnsafePointer<UInt8>, _ rowBytes: Int, _ factor: Float, into out: UnsafeMutablePointer<UInt8>
) {
  let (above, below) = (line - rowBytes, line + rowBytes)
  for i in 3..<rowBytes - 3 {
    var sum = UInt16(above[i - 3]) &+ UInt16(above[i]) &+ UInt16(above[i + 3])
    sum &+= UInt16(below[i - 3]) &+ UInt16(below[i]) &+ UInt16(below[i + 3])
    sum &+= UInt16(line[i - 3]) &+ UInt16(line[i + 3]) &+ 5 &* UInt16(line[i])
    // A thirteenth, rounded: no sum of whole numbers lies half-way, so this is exact.
    let smooth = UInt8(truncatingIfNeeded: (2 &* sum &+ 13) / 26)
    out[i] = blended(smooth, line[i], factor)
  }
}
