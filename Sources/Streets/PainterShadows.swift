// SPDX-License-Identifier: Apache-2.0

// Shadows and pools of light on the ground. They go into buffers of their own, read when the ground is drawn.

extension Painter {
  /// Where the shadow of a point falls on the ground.
  private func fallen(_ p: V3) -> V3 {
    V3(p.x, p.y, 0) - V3(light.sunDirection.x, light.sunDirection.y, 0) * (p.z / light.sunDirection.z)
  }

  /// Throws the sun's shadows of all that casts one.
  func castShadows(of model: borrowing Model) {
    for face in model.faces where face.castsShadow {
      darken(model.points[face.points].map(fallen))
    }
    for rod in model.rods where rod.castsShadow {
      let (a, b) = (fallen(rod.a), fallen(rod.b))
      let side = normalised(cross(b - a + V3(0, 1e-4, 0), V3(0, 0, 1)))
      let (ra, rb) = (side * rod.radiusA, side * rod.radiusB)
      darken([a - ra, b - rb, b + rb, a + ra])
    }
    let stretch = 1 / light.sunDirection.z
    let away = normalised(V3(light.sunDirection.x, light.sunDirection.y, 0))
    for ball in model.foliage {
      let centre = fallen(ball.centre)
      let along = away * (ball.radius * 0.8 * stretch)
      let across = cross(away, V3(0, 0, 1)) * (ball.radius * 0.8)
      darken(Painter.octagon.map { centre + along * $0.x + across * $0.y })
    }
  }

  private static let octagon: [V2] = [
    V2(1, 0), V2(0.7, 0.7), V2(0, 1), V2(-0.7, 0.7), V2(-1, 0), V2(-0.7, -0.7), V2(0, -1), V2(0.7, -0.7),
  ]

  private func darken(_ corners: [V3]) {
    let (width, shade, labels) = (canvas.width, canvas.shade, canvas.label)
    corners.withUnsafeBufferPointer { corners in
      withOutline(corners) { outline in
        scan(outline) { y, from, to in
          for i in (y * width + from)..<(y * width + to) where labels[i] == Canvas.empty { shade[i] = 1 }
        }
      }
    }
  }

  /// Adds a soft spot to the canvas's glow: a lamp's pool, or with a negative strength a contact shadow.
  func draw(_ spot: Spot) {
    let corners = Painter.octagon.map { spot.centre + (spot.along * $0.x + spot.across * $0.y) * 1.1 }
    let (u, v) = (spot.along / dot(spot.along, spot.along), spot.across / dot(spot.across, spot.across))
    let (width, labels, glow) = (canvas.width, canvas.label, canvas.glow)
    corners.withUnsafeBufferPointer { corners in
      withOutline(corners) { outline in
        scan(outline) { y, from, to in
          for x in from..<to where labels[y * width + x] == Canvas.empty {
            let ray = camera.ray(Float(x) + 0.5, Float(y) + 0.5)
            guard ray.z < -1e-4 else { continue }
            let off = camera.position - ray * (camera.position.z / ray.z) - spot.centre
            let (a, b) = (dot(off, u), dot(off, v))
            let soft = clamp01(1.15 * (1 - (a * a + b * b)))
            glow[y * width + x] += soft * soft * spot.strength
          }
        }
      }
    }
  }
}
