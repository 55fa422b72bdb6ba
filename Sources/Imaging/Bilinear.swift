// SPDX-License-Identifier: Apache-2.0

extension RGBImage {
  /// The picture at another size by bilinear interpolation between pixel centres, without antialiasing, as
  /// OpenCV's `INTER_LINEAR`: the same at half the size, elsewhere within one step of 255, since OpenCV's
  /// weights have 11 bits.
  public func resizedBilinear(to target: PixelSize) -> RGBImage {
    guard target != size else { return self }
    let columns = BilinearPlace.all(from: width, to: target.width)
    let rows = BilinearPlace.all(from: height, to: target.height)
    let bytes = filledRows(target, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        columns.withUnsafeBufferPointer { columns in
          var to = out.baseAddress!
          for row in rows {
            let above = source.baseAddress! + 3 * width * row.first
            let below = source.baseAddress! + 3 * width * row.second
            for column in columns {
              let (left, right) = (3 * column.first, 3 * column.second)
              for channel in 0..<3 {
                let top = mix(above[left + channel], above[right + channel], column.share)
                let bottom = mix(below[left + channel], below[right + channel], column.share)
                to[channel] = UInt8(top + (bottom - top) * row.share + 0.5)
              }
              to += 3
            }
          }
        }
      }
    }
    return RGBImage(size: target, pixels: bytes)
  }
}

@inline(__always)
private func mix(_ first: UInt8, _ second: UInt8, _ share: Float) -> Float {
  Float(first) + (Float(second) - Float(first)) * share
}

/// The two source rows (or columns) between whose centres a result's centre lies, and the second's share.
private struct BilinearPlace {
  let first: Int
  let second: Int
  let share: Float

  static func all(from old: Int, to new: Int) -> [BilinearPlace] {
    (0..<new).map { index in
      let centre = max(0, (Double(index) + 0.5) * Double(old) / Double(new) - 0.5)
      let first = min(Int(centre), old - 1)
      return BilinearPlace(
        first: first, second: min(first + 1, old - 1), share: Float(centre - Double(first)))
    }
  }
}
