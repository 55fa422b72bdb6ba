// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

// What a camera does to the light: bloom, blur, drops on the glass, exposure, colour, noise.

extension Lens {
  /// Turns linear light into the bytes of a picture.
  func develop(_ scene: Picture, using random: inout SeededGenerator) -> RGBImage {
    var picture = scene
    // Lengths are given for a picture 320 wide.
    let unit = Float(max(picture.width, picture.height * 4 / 3)) / 320
    if streaks > 0 { drawStreaks(&picture, unit, &random) }
    addBloom(&picture, unit)
    // A larger picture comes from a better lens: its blur grows less than its size.
    picture.blur(sigma: blur * unit.squareRoot())
    if drops > 0 { drawDrops(&picture, unit, &random) }
    let share = 1 - exposureSpread...1 + exposureSpread
    let tint = 1 - balanceSpread...1 + balanceSpread
    let gain = V3(random.draw(tint), random.draw(tint), random.draw(tint)) * (exposure * random.draw(share))
    expose(&picture, gain: balance * gain)
    return printed(picture, unit, seed: random.textureSeed())
  }

  private func addBloom(_ picture: inout Picture, _ unit: Float) {
    guard bloom > 0 else { return }
    let limit = 1.15 / exposure
    var bright = picture.quartered { c in
      let over = max(0, luminance(c) - limit)
      return c * (over / max(1e-3, luminance(c)))
    }
    bright.blur(sigma: 2.2 * unit)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        picture.pixels[y * picture.width + x] +=
          bright.sample((Float(x) - 1.5) / 4, (Float(y) - 1.5) / 4) * bloom
      }
    }
  }

  /// Linear light to display values in 0 ... 1, before noise.
  private func expose(_ picture: inout Picture, gain: V3) {
    let (w, h) = (Float(picture.width), Float(picture.height))
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let i = y * picture.width + x
        let (dx, dy) = ((Float(x) + 0.5) / w - 0.5, (Float(y) + 0.5) / h - 0.5)
        let corner = 1 - vignette * min(1, (dx * dx + dy * dy) * 2)
        let c = picture.pixels[i] * gain * corner
        // Reinhard's curve with white at 3: highlights roll off.
        let curved = c * (1 + c / 9) / (1 + c)
        var d = V3(
          max(0, curved.x).squareRoot(), max(0, curved.y).squareRoot(), max(0, curved.z).squareRoot())
        let grey = luminance(d)
        d = V3(repeating: grey) + (d - V3(repeating: grey)) * saturation
        d = (d - V3(repeating: 0.45)) * contrast + V3(repeating: 0.45)
        picture.pixels[i] = d * (1 - flare) + V3(repeating: flare)
      }
    }
  }

  /// Adds the sensor's noise, blurs colour as chroma subsampling does, and rounds to bytes.
  private func printed(_ picture: Picture, _ unit: Float, seed: UInt32) -> RGBImage {
    var colour = picture
    if chromaNoise > 0 {
      for i in 0..<colour.pixels.count {
        let n = V3(grain(i, seed &+ 1), 0, grain(i, seed &+ 2)) * chromaNoise * 3
        colour.pixels[i] += n
      }
    }
    colour.blur(sigma: chromaBlur * unit.squareRoot())
    let size = PixelSize(width: picture.width, height: picture.height)
    let bytes = [UInt8](unsafeUninitializedCapacity: 3 * size.area) { out, count in
      for i in 0..<size.area {
        let (sharp, soft) = (picture.pixels[i], colour.pixels[i])
        // Shot noise: dark parts of a picture are printed brighter than they are, and so is their noise.
        let level = luminance(sharp)
        let n = grain(i, seed) * noise * (1.25 - 0.5 * clamp01(level))
        let c = soft + V3(repeating: level - luminance(soft) + n)
        for k in 0..<3 { out[3 * i + k] = UInt8(max(0, min(255, c[k] * 255 + 0.5))) }
      }
      count = 3 * size.area
    }
    return RGBImage(size: size, pixels: bytes)
  }

  /// About normal noise of deviation 1: the sum of the four bytes of a hash.
  @inline(__always) private func grain(_ i: Int, _ seed: UInt32) -> Float {
    let h = hashBits(Int32(truncatingIfNeeded: i), Int32(truncatingIfNeeded: i >> 32), seed)
    let sum = (h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24)
    return (Float(sum) - 510) / 147.8
  }
}
