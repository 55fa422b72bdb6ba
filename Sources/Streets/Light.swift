// SPDX-License-Identifier: Apache-2.0

/// The light of a scene: a sun, the sky above and what the ground throws back.
struct Light {
  /// Towards the sun, of length 1.
  var sunDirection: V3
  var sun: V3
  var sky: V3
  var ground: V3

  /// The light on a surface with this outward normal.
  @inline(__always) func falling(on normal: V3) -> V3 {
    mix(ground, sky, 0.5 + 0.5 * normal.z) + sun * max(0, dot(normal, sunDirection))
  }
}
