// SPDX-License-Identifier: Apache-2.0

/// A pinhole camera over the ground plane z = 0. World axes: x right, y along the street, z up; metres.
struct Camera {
  let position: V3
  let right: V3
  let down: V3
  let forward: V3
  /// Focal length and principal point, in samples of the canvas.
  let focal: Float
  let centre: V2

  /// A camera whose `fieldOfView` (radians) spans the width, or 4/3 of the height where that is more.
  init(position: V3, yaw: Float, pitch: Float, fieldOfView: Float, canvas: (width: Int, height: Int)) {
    self.position = position
    let level = V3(sine(yaw), cosine(yaw), 0)
    forward = normalised(level * cosine(pitch) + V3(0, 0, sine(pitch)))
    right = normalised(cross(forward, V3(0, 0, 1)))
    down = cross(forward, right)
    let span = max(Float(canvas.width), Float(canvas.height) * 4 / 3)
    focal = 0.5 * span * cosine(fieldOfView / 2) / sine(fieldOfView / 2)
    centre = V2(Float(canvas.width), Float(canvas.height)) / 2
  }

  /// World point to camera axes: x right, y down, z forward.
  @inline(__always) func local(_ p: V3) -> V3 { turned(p - position) }

  /// World direction to camera axes.
  @inline(__always) func turned(_ d: V3) -> V3 { V3(dot(right, d), dot(down, d), dot(forward, d)) }

  /// Camera axes to world direction.
  @inline(__always) func world(_ d: V3) -> V3 { right * d.x + down * d.y + forward * d.z }

  /// Where a camera-axes point falls on the canvas.
  @inline(__always) func project(_ p: V3) -> V2 { V2(p.x, p.y) * (focal / p.z) + centre }

  /// The ray through a canvas point, with forward component 1, in world axes.
  @inline(__always) func ray(_ x: Float, _ y: Float) -> V3 {
    world(V3((x - centre.x) / focal, (y - centre.y) / focal, 1))
  }

  /// Nothing nearer than this (metres) is drawn.
  static let near: Float = 0.3
}
