// SPDX-License-Identifier: Apache-2.0

/// A place on the ground with a heading: the axes in which a thing is built.
struct Stand {
  var origin: V3
  var right: V3
  var forward: V3

  /// The world point so far to the right, forward and up.
  func at(_ right: Float, _ forward: Float, _ up: Float) -> V3 {
    origin + self.right * right + self.forward * forward + V3(0, 0, up)
  }

  /// The same place, turned left by an angle in radians.
  func turned(_ angle: Float) -> Stand {
    let (c, s) = (cosine(angle), sine(angle))
    return Stand(origin: origin, right: right * c + forward * s, forward: forward * c - right * s)
  }

  /// A level box about a point at (right, forward) with half extents, from `low` to `high`.
  func box(_ x: Float, _ y: Float, half: V2, _ low: Float, _ high: Float) -> Box {
    Box(base: at(x, y, low), along: right * half.x, across: forward * half.y, height: high - low)
  }
}

/// The course of the street: its middle lies at x = bend * y * y.
struct Course {
  var bend: Float

  /// The place at `x` right of the middle and `y` along, heading along the street.
  func place(_ x: Float, _ y: Float) -> Stand {
    let forward = normalised(V3(2 * bend * y, 1, 0))
    return Stand(
      origin: V3(x + bend * y * y, y, 0), right: V3(forward.y, -forward.x, 0), forward: forward)
  }
}
