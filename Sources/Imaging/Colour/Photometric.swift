// SPDX-License-Identifier: Apache-2.0

import Files

/// One change of a picture's light and colours: what `PhotometricDistortion` draws.
public struct PhotometricChange: Equatable, Sendable {
  /// Added to every value.
  public var brightness = 0.0
  /// Every value is multiplied by it.
  public var contrast = 1.0
  /// The saturation of hue-saturation-value is multiplied by it, up to full saturation.
  public var saturation = 1.0
  /// Added to the hue, in degrees.
  public var hue = 0.0
  /// Whether the contrast changes after saturation and hue, and not before them.
  public var contrastIsLast = false

  /// No change.
  public init() {}
}

/// Random brightness, contrast, saturation and hue, each with probability 1/2.
///
/// Source: Liu et al. 2016 (SSD), with the values that mmsegmentation's `PhotoMetricDistortion` has; hue 18
/// there is half of these degrees.
public struct PhotometricDistortion: Equatable, Sendable {
  /// Brightness is shifted by at most this.
  public var brightness = 32.0
  /// Contrast is multiplied by 1 - contrast ... 1 + contrast.
  public var contrast = 0.5
  /// Saturation is multiplied by 1 - saturation ... 1 + saturation.
  public var saturation = 0.5
  /// The hue is turned by at most these degrees.
  public var hue = 36.0

  /// The published strengths.
  public init() {}

  /// A change at random.
  public func draw(using generator: inout SeededGenerator) -> PhotometricChange {
    var change = PhotometricChange()
    func drawn(_ low: Double, _ high: Double, _ none: Double) -> Double {
      generator.chance(0.5) ? generator.uniform(low, high) : none
    }
    change.brightness = drawn(-brightness, brightness, 0)
    change.contrastIsLast = generator.chance(0.5)
    change.contrast = drawn(1 - contrast, 1 + contrast, 1)
    change.saturation = drawn(1 - saturation, 1 + saturation, 1)
    change.hue = drawn(-hue, hue, 0)
    return change
  }
}

extension RGBImage {
  /// The picture after a change of light and colours; values are rounded and kept in 0 ... 255 after each.
  public func applying(_ change: PhotometricChange) -> RGBImage {
    var result = self
    func light(_ factor: Double, _ shift: Double) {
      guard factor != 1 || shift != 0 else { return }
      result = result.looked(up: ChannelTables(multiplyingBy: factor, adding: shift))
    }
    light(1, change.brightness)
    if !change.contrastIsLast { light(change.contrast, 0) }
    if change.saturation != 1 { result = result.saturated(by: Float(change.saturation)) }
    if change.hue != 0 { result = result.turned(byDegrees: change.hue) }
    if change.contrastIsLast { light(change.contrast, 0) }
    return result
  }

  /// Saturation times a factor, hue and value as they are.
  ///
  /// With V the largest channel and D its distance to the smallest, S = D / V, so a channel c becomes
  /// V - (V - c) k with k the factor, or V / D where that is smaller and the saturation full.
  func saturated(by factor: Float) -> RGBImage {
    let result = filledRows(size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        for i in stride(from: 0, to: source.count, by: 3) {
          let (red, green, blue) = (source[i], source[i + 1], source[i + 2])
          let (top, bottom) = (max(red, green, blue), min(red, green, blue))
          let value = Float(top)
          let scale = min(factor, value / max(1, Float(top &- bottom)))
          out[i] = byte(value - (value - Float(red)) * scale)
          out[i + 1] = byte(value - (value - Float(green)) * scale)
          out[i + 2] = byte(value - (value - Float(blue)) * scale)
        }
      }
    }
    return RGBImage(size: size, pixels: result)
  }

  /// The hue turned by an angle, saturation and value as they are. Greys stay.
  func turned(byDegrees angle: Double) -> RGBImage {
    let shift = Float((angle / 60).truncatingRemainder(dividingBy: 6)) + 12
    let result = filledRows(size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        for i in stride(from: 0, to: source.count, by: 3) {
          let (red, green, blue) = (Float(source[i]), Float(source[i + 1]), Float(source[i + 2]))
          let value = max(red, green, blue)
          let spread = value - min(red, green, blue)
          let part = 1 / max(1, spread)
          let sextant =
            value == red
            ? (green - blue) * part
            : value == green ? 2 + (blue - red) * part : 4 + (red - green) * part
          let turned = sextant + shift
          out[i] = channel(turned + 5, value, spread)
          out[i + 1] = channel(turned + 3, value, spread)
          out[i + 2] = channel(turned + 1, value, spread)
        }
      }
    }
    return RGBImage(size: size, pixels: result)
  }
}

/// A channel of a hue in sextants: `V - D clamp(min(k, 4 - k), 0, 1)`, k = the place in 0 ..< 6.
@inline(__always)
private func channel(_ place: Float, _ value: Float, _ spread: Float) -> UInt8 {
  let k = place - 6 * (place / 6).rounded(.down)
  return byte(value - spread * max(0, min(k, 4 - k, 1)))
}

@inline(__always)
private func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, value + 0.5))) }
