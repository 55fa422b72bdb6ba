// SPDX-License-Identifier: Apache-2.0

/// A change of a picture's colours that leaves every pixel in its place, with its strength.
///
/// Each gives the same bytes as Pillow's `ImageOps` or `ImageEnhance` function of that name.
public enum ColourOperation: Equatable, Sendable {
  /// Inverts the values at and above the threshold, 0 ... 256.
  case solarize(threshold: Double)
  /// Stretches each channel to 0 ... 255.
  case autocontrast
  /// Makes each channel's histogram as even as a look-up table can.
  case equalize
  /// Keeps the upper bits, 1 ... 8, of each value.
  case posterize(bits: Int)
  /// Takes each value from 255.
  case invert
  /// Away from grey (above 1) or towards it (below 1).
  case color(factor: Double)
  /// Away from the mean grey or towards it.
  case contrast(factor: Double)
  /// Away from black or towards it.
  case brightness(factor: Double)
  /// Away from the smoothed picture or towards it.
  case sharpness(factor: Double)

  /// Whether a pixel's new colour depends on its own alone, so that a crop can be changed for the picture.
  public var isPointwise: Bool {
    switch self {
    case .solarize, .posterize, .invert, .color, .brightness: true
    case .autocontrast, .equalize, .contrast, .sharpness: false
    }
  }
}

extension RGBImage {
  /// The picture after one colour operation.
  public func applying(_ operation: ColourOperation) -> RGBImage {
    switch operation {
    case .solarize(let threshold):
      // A value is at least the threshold where it is at least the next whole number.
      let bound = max(0, threshold.rounded(.up))
      guard bound < 256 else { return self }
      let least = UInt8(bound)
      return mapped { $0 < least ? $0 : ~$0 }
    case .posterize(let bits):
      guard (1...8).contains(bits) else { fatalError("posterize keeps 1 to 8 bits, not \(bits)") }
      let mask = UInt8(truncatingIfNeeded: 0xff00 >> bits)
      return mapped { $0 & mask }
    case .invert: return mapped { ~$0 }
    case .autocontrast: return looked(up: ChannelTables(stretching: Histogram(self)))
    case .equalize: return looked(up: ChannelTables(equalizing: Histogram(self)))
    case .color(let factor): return blendedWithGrey(Float(factor))
    case .contrast(let factor): return looked(up: ChannelTables(blendingWith: meanGrey, Float(factor)))
    case .brightness(let factor): return looked(up: ChannelTables(blendingWith: 0, Float(factor)))
    case .sharpness(let factor): return blendedWithSmooth(Float(factor))
    }
  }
}

extension RGBImage {
  /// One value into another; inlined, so that the loop over the bytes vectorises.
  @inline(__always)
  fileprivate func mapped(_ change: (UInt8) -> UInt8) -> RGBImage {
    let result = filledRows(size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        for i in 0..<source.count { out[i] = change(source[i]) }
      }
    }
    return RGBImage(size: size, pixels: result)
  }
}
