// SPDX-License-Identifier: Apache-2.0

/// How often each value occurs in each channel.
struct Histogram {
  /// 256 counts of red, then of green, then of blue.
  let counts: [Int]

  init(_ image: RGBImage) {
    var narrow = [UInt32](repeating: 0, count: 3 * 256)
    narrow.withUnsafeMutableBufferPointer { narrow in
      image.pixels.withUnsafeBufferPointer { source in
        for i in stride(from: 0, to: source.count, by: 3) {
          narrow[Int(source[i])] &+= 1
          narrow[256 + Int(source[i + 1])] &+= 1
          narrow[512 + Int(source[i + 2])] &+= 1
        }
      }
    }
    counts = narrow.map(Int.init)
  }
}

/// A new value for each value of each channel.
struct ChannelTables {
  /// 256 values for red, then for green, then for blue.
  private(set) var values: [UInt8]

  private static let identity = (0..<3 * 256).map { UInt8(truncatingIfNeeded: $0) }

  /// Every channel's smallest value to 0 and its largest to 255. Source: Pillow, `ImageOps.autocontrast`.
  init(stretching histogram: Histogram) {
    values = Self.identity
    for base in [0, 256, 512] {
      let counts = histogram.counts[base..<base + 256]
      guard let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }),
        high > low
      else { continue }
      let scale = 255 / Double(high - low)
      let offset = -Double(low - base) * scale
      for i in 0..<256 { values[base + i] = UInt8(max(0, min(255, Double(i) * scale + offset))) }
    }
  }

  /// Every channel's histogram made even. Source: Pillow, `ImageOps.equalize`.
  init(equalizing histogram: Histogram) {
    values = Self.identity
    for base in [0, 256, 512] {
      let counts = histogram.counts[base..<base + 256]
      let present = counts.filter { $0 > 0 }
      guard present.count > 1 else { continue }
      let step = (present.reduce(0, +) - present[present.count - 1]) / 255
      guard step > 0 else { continue }
      var sum = step / 2
      for i in base..<base + 256 {
        values[i] = UInt8(min(255, sum / step))
        sum += counts[i]
      }
    }
  }

  /// Every value times a factor, plus a shift, rounded.
  init(multiplyingBy factor: Double, adding shift: Double) {
    values = Self.identity
    for i in values.indices {
      values[i] = UInt8(max(0, min(255, (Double(values[i]) * factor + shift).rounded())))
    }
  }

  /// Away from one grey value, or towards it.
  init(blendingWith grey: UInt8, _ factor: Float) {
    values = Self.identity
    for i in values.indices { values[i] = blended(grey, values[i], factor) }
  }
}

extension RGBImage {
  func looked(up tables: ChannelTables) -> RGBImage {
    let result = filledRows(size, channels: 3) { out in
      tables.values.withUnsafeBufferPointer { table in
        pixels.withUnsafeBufferPointer { source in
          for i in stride(from: 0, to: source.count, by: 3) {
            out[i] = table[Int(source[i])]
            out[i + 1] = table[256 + Int(source[i + 1])]
            out[i + 2] = table[512 + Int(source[i + 2])]
          }
        }
      }
    }
    return RGBImage(size: size, pixels: result)
  }
}
