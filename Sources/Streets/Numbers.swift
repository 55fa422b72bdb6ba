// SPDX-License-Identifier: Apache-2.0

// Small vector arithmetic. Sine and exponential are polynomials of our own: the C library's may differ in the
// last bit from machine to machine, and the pictures must not.

typealias V2 = SIMD2<Float>
typealias V3 = SIMD3<Float>

@inline(__always) func dot(_ a: V3, _ b: V3) -> Float { a.x * b.x + a.y * b.y + a.z * b.z }

@inline(__always) func cross(_ a: V3, _ b: V3) -> V3 {
  V3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

@inline(__always) func normalised(_ a: V3) -> V3 {
  let length = dot(a, a).squareRoot()
  return length > 1e-12 ? a / length : V3(0, 0, 1)
}

@inline(__always) func mix(_ a: V3, _ b: V3, _ t: Float) -> V3 { a + (b - a) * t }
@inline(__always) func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }
@inline(__always) func clamp01(_ x: Float) -> Float { max(0, min(1, x)) }

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always) func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = clamp01((x - low) / (high - low))
  return t * t * (3 - 2 * t)
}

/// A colour given as it looks on a display, in linear light (gamma 2).
@inline(__always) func tone(_ red: Float, _ green: Float, _ blue: Float) -> V3 {
  V3(red * red, green * green, blue * blue)
}

@inline(__always) func luminance(_ c: V3) -> Float { 0.25 * c.x + 0.65 * c.y + 0.1 * c.z }

/// The largest whole number not above `x`, for |x| below a million (farther values are clamped).
@inline(__always) func floorIndex(_ x: Float) -> Int32 {
  let bounded = min(1e6, max(-1e6, x))
  let whole = Int32(bounded)
  return Float(whole) > bounded ? whole - 1 : whole
}

/// `x` less the largest whole number not above it.
@inline(__always) func fraction(_ x: Float) -> Float { x - Float(floorIndex(x)) }

/// Sine of `x` radians, within 1e-4.
func sine(_ x: Float) -> Float {
  let turns = x * 0.15915494
  var t = turns - Float(floorIndex(turns + 0.5))
  if t > 0.25 { t = 0.5 - t }
  if t < -0.25 { t = -0.5 - t }
  let a = t * 6.2831853
  let a2 = a * a
  return a * (1 - a2 * (0.16666667 - a2 * (0.0083333 - a2 * 0.000198)))
}

/// Cosine of `x` radians, within 1e-4.
func cosine(_ x: Float) -> Float { sine(x + 1.5707963) }

/// e to the power `x` for `x` of at most 0, within 1e-4.
@inline(__always) func decay(_ x: Float) -> Float {
  let y = max(-60, min(0, x)) * 1.442695
  let whole = floorIndex(y)
  let f = y - Float(whole)
  let power = 1 + f * (0.695976 + f * (0.224494 + f * 0.0795301))
  return power * Float(bitPattern: UInt32(whole + 127) << 23)
}
