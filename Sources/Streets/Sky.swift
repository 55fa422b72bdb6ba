// SPDX-License-Identifier: Apache-2.0

/// The sky, and the roofs and trees of the rest of the town along the horizon.
struct Sky {
  var zenith: V3
  var horizon: V3
  var cloud: V3
  /// 0 clear, 1 overcast.
  var cover: Float
  var sunDirection: V3
  var sunGlow: V3
  var light: V3
  var seed: UInt32

  /// The light from a direction (of any length) at or above the horizon.
  func colour(_ direction: V3) -> V3 {
    let d = normalised(direction)
    let height = max(0, d.z)
    var c = mix(horizon, zenith, min(1, (height * 1.6).squareRoot()))
    let spread = 1.3 / (height + 0.12)
    let n = fractalNoise(d.x * spread, d.y * spread * 1.6, seed)
    let thick = smoothStep(1 - cover, 1.25 - cover, n + 0.15 * cover)
    c = mix(c, cloud * (0.7 + 0.5 * n), thick * (0.55 + 0.45 * smoothStep(0, 0.25, height)))
    let toSun = max(0, dot(d, sunDirection))
    let t2 = toSun * toSun
    let t4 = t2 * t2
    return c + sunGlow * (t4 * 0.3 + t4 * t4 * t4 * 0.7) * (1 - 0.5 * thick)
  }

  /// The skyline in a direction: the label of what stands there, or nothing above it.
  func skyline(_ ray: V3) -> (label: StreetClass, colour: V3)? {
    guard ray.y > 0.05, ray.z >= 0 else { return nil }
    let across = ray.x / ray.y * 180
    let rise = ray.z / ray.y * 180
    guard rise < 18 else { return nil }
    let plot = across / 11
    let block = hashUnit(floorIndex(plot), 1, seed)
    let crown = 3.5 + 6 * valueNoise(across / 6, 0.5, seed) + 1.6 * valueNoise(across * 1.1, rise * 0.7, seed)
    if rise < crown, block < 0.75 || rise < 4 {
      let leaf = valueNoise(across * 0.8, rise * 0.8, seed &+ 9)
      return (.vegetation, tone(0.2, 0.3, 0.16) * light * (0.5 + 0.7 * leaf))
    }
    let tall = 5 + 9 * hashUnit(floorIndex(plot), 2, seed)
    guard block > 0.45, rise < tall else { return nil }
    let wall = tone(0.55 + 0.25 * block, 0.52 + 0.2 * block, 0.5)
    let window = fraction(across / 2.4) < 0.5 && fraction(rise / 3) < 0.5 && rise < tall - 1
    return (.building, wall * light * (window ? 0.35 : 0.7))
  }
}
