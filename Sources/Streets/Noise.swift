// SPDX-License-Identifier: Apache-2.0

// Hashed lattice noise: the grain of every surface, the same on every machine.

/// 32 mixed bits of a lattice point.
@inline(__always) func hashBits(_ x: Int32, _ y: Int32, _ seed: UInt32) -> UInt32 {
  var h = seed ^ (UInt32(bitPattern: x) &* 0x9E37_79B1) ^ (UInt32(bitPattern: y) &* 0x85EB_CA77)
  h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
  h = (h ^ (h >> 12)) &* 0x297A_2D39
  return h ^ (h >> 15)
}

/// A number in [0, 1) of a lattice point.
@inline(__always) func hashUnit(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
  Float(hashBits(x, y, seed) >> 8) * 0x1p-24
}

/// Smooth noise in [0, 1) with features one unit wide.
@inline(__always) func valueNoise(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
  let (ix, iy) = (floorIndex(x), floorIndex(y))
  let (fx, fy) = (x - Float(ix), y - Float(iy))
  let sx = fx * fx * (3 - 2 * fx)
  let sy = fy * fy * (3 - 2 * fy)
  let top = mix(hashUnit(ix, iy, seed), hashUnit(ix + 1, iy, seed), sx)
  let bottom = mix(hashUnit(ix, iy + 1, seed), hashUnit(ix + 1, iy + 1, seed), sx)
  return mix(top, bottom, sy)
}

/// Four octaves of `valueNoise`, in [0, 1).
func fractalNoise(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
  var (sum, weight, scale): (Float, Float, Float) = (0, 0.5, 1)
  for octave in 0..<4 {
    sum += weight * valueNoise(x * scale, y * scale, seed &+ UInt32(octave) &* 7919)
    weight *= 0.5
    scale *= 2.03
  }
  return sum / 0.9375
}
