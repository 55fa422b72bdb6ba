// SPDX-License-Identifier: Apache-2.0

// Round things: rods and foliage, drawn as flat outlines with the depth and normals of a round body.

extension Painter {
  /// The rows and columns that a box about canvas points covers.
  private func bounds(_ low: V2, _ high: V2) -> (rows: Range<Int>, columns: Range<Int>)? {
    let x0 = column(low.x, canvas.width)
    let x1 = column(high.x, canvas.width)
    let y0 = column(low.y, canvas.height)
    let y1 = column(high.y, canvas.height)
    return x0 < x1 && y0 < y1 ? (y0..<y1, x0..<x1) : nil
  }

  /// Draws one rod.
  func draw(_ rod: Rod) {
    var (a, b) = (camera.local(rod.a), camera.local(rod.b))
    guard max(a.z, b.z) > Camera.near else { return }
    if a.z < Camera.near { a += (b - a) * ((Camera.near - a.z) / (b.z - a.z)) }
    if b.z < Camera.near { b += (a - b) * ((Camera.near - b.z) / (a.z - b.z)) }
    let (pa, pb) = (camera.project(a), camera.project(b))
    // A thin rod far away still covers part of a sample, else it would come and go along its length.
    let ra = max(0.45, rod.radiusA * camera.focal / a.z)
    let rb = max(0.45, rod.radiusB * camera.focal / b.z)
    let reach = V2(repeating: max(ra, rb))
    let low = pointwiseMin(pa, pb) - reach
    guard let area = bounds(low, pointwiseMax(pa, pb) + reach) else { return }
    let axis = pb - pa
    let squared = axis.x * axis.x + axis.y * axis.y
    let inverse = squared > 1e-6 ? 1 / squared : 0
    let (na, nb) = (1 / a.z, 1 / b.z)
    let glow = rod.colour * rod.emission
    for y in area.rows {
      for x in area.columns {
        let p = V2(Float(x) + 0.5, Float(y) + 0.5) - pa
        let t = clamp01((p.x * axis.x + p.y * axis.y) * inverse)
        let radius = ra + (rb - ra) * t
        let off = (p - axis * t) / radius
        let d2 = off.x * off.x + off.y * off.y
        let i = y * canvas.width + x
        guard d2 < 1 else { continue }
        let bulge = (1 - d2).squareRoot()
        let flat = na + (nb - na) * t
        let near = flat * (1 + 0.9 * bulge * radius / camera.focal)
        guard near > canvas.nearness[i] else { continue }
        canvas.nearness[i] = near
        canvas.label[i] = rod.label.rawValue
        canvas.instance[i] = rod.instance
        let normal = camera.world(V3(off.x, off.y, -bulge))
        canvas.colour[i] = rod.colour * light.falling(on: normal) + glow
      }
    }
  }

  /// Draws one ball of foliage, its edge and inside ragged by noise.
  func draw(_ ball: Foliage) {
    let c = camera.local(ball.centre)
    guard c.z > Camera.near + ball.radius else { return }
    let p = camera.project(c)
    let r = ball.radius * camera.focal / c.z
    guard let area = bounds(p - V2(repeating: r), p + V2(repeating: r)) else { return }
    let outward = normalised(ball.centre - ball.crown + V3(0, 0, 0.3))
    let near = 1 / c.z
    let bulgeScale = ball.radius * near * near
    let leaf = ball.radius / 0.11
    let fine: Float = r > 6 ? 1 : r / 6
    for y in area.rows {
      for x in area.columns {
        let i = y * canvas.width + x
        let off = (V2(Float(x) + 0.5, Float(y) + 0.5) - p) / r
        let d2 = off.x * off.x + off.y * off.y
        guard d2 < 1 else { continue }
        let depth = near + (1 - d2).squareRoot() * bulgeScale
        guard depth > canvas.nearness[i] else { continue }
        let leaves = valueNoise(off.x * leaf, off.y * leaf, ball.seed)
        let clumps = valueNoise(off.x * leaf * 0.3, off.y * leaf * 0.3, ball.seed &+ 77)
        guard d2 < 0.35 + 0.75 * clumps + 0.5 * (leaves - 0.5) * fine, leaves > 0.1 * fine else { continue }
        canvas.nearness[i] = depth
        canvas.label[i] = StreetClass.vegetation.rawValue
        canvas.instance[i] = 0
        let round = camera.world(V3(off.x, off.y, -(1 - d2).squareRoot()))
        let normal = round * 0.45 + outward * 0.65
        let lit = light.falling(on: normal) * (0.4 + 0.5 * clumps + 0.75 * (leaves - 0.4) * fine)
        canvas.colour[i] = ball.colour * lit * (0.75 + 0.35 * outward.z)
      }
    }
  }
}
