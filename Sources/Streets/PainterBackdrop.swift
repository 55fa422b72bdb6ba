// SPDX-License-Identifier: Apache-2.0

// What fills the canvas behind the things: sky above the horizon, ground below it.

extension Painter {
  /// Draws the sky and the skyline wherever nothing stands.
  func drawSky(_ sky: Sky) {
    for y in 0..<canvas.height {
      for x in 0..<canvas.width where canvas.label[y * canvas.width + x] == Canvas.empty {
        let ray = camera.ray(Float(x) + 0.5, Float(y) + 0.5)
        guard ray.z >= 0 else { continue }
        let i = y * canvas.width + x
        if let far = sky.skyline(ray) {
          canvas.label[i] = far.label.rawValue
          canvas.colour[i] = far.colour
          canvas.nearness[i] = 1 / 180
        } else {
          canvas.label[i] = StreetClass.sky.rawValue
          canvas.colour[i] = sky.colour(ray)
        }
      }
    }
  }

  /// Draws the ground wherever nothing stands; call it last, as a wet ground mirrors the rest.
  func drawGround(_ ground: Ground, weather: Weather) {
    let ambient = mix(light.ground, light.sky, 0.95)
    let sun = light.sun * max(0, light.sunDirection.z)
    for y in 0..<canvas.height {
      for x in 0..<canvas.width where canvas.label[y * canvas.width + x] == Canvas.empty {
        let i = y * canvas.width + x
        let ray = camera.ray(Float(x) + 0.5, Float(y) + 0.5)
        let distance = min(400, camera.position.z / max(1e-4, -ray.z))
        let p = camera.position + ray * distance
        let across = distance / camera.focal
        let footprint = V2(across, across * max(1, distance / camera.position.z))
        let (albedo, label, gloss) = ground.sample(V2(p.x, p.y), footprint)
        let glow = canvas.glow[i]
        let ambientShare = 1 + max(-0.85, min(0, glow))
        let lamp = weather.lampColour * min(1.4, max(0, glow))
        var c = albedo * (ambient * ambientShare + sun * (1 - canvas.shade[i]) + lamp)
        if weather.wet > 0, gloss > 0 {
          let basin = valueNoise(p.x * 0.8, p.y * 0.3, ground.seed &+ 40)
          let lap = valueNoise(p.x * 2.3, p.y * 0.9, ground.seed &+ 42)
          let puddle = smoothStep(0.55, 0.75, 0.65 * basin + 0.35 * lap)
          let steep = clamp01(1 - camera.position.z / (distance * 1.02))
          let share = weather.wet * gloss * (0.08 + 0.3 * steep * steep * steep + 0.2 * puddle)
          // A rough wet road smears what it mirrors, above all up and down.
          let rough = (1.05 - 0.8 * puddle) * 0.06 * Float(canvas.height)
          let ripple = hashUnit(Int32(x), Int32(y), ground.seed) - 0.5
          let mirrored = reflection(x, y, ripple: ripple * rough)
          c = mix(c * (1 - 0.25 * weather.wet), mirrored, min(0.6, share))
        }
        canvas.colour[i] = c
        canvas.label[i] = label.rawValue
        canvas.nearness[i] = 1 / distance
      }
    }
  }

  /// What the level ground at a sample mirrors, found in the picture itself. A thing at distance d that is
  /// seen in the ground at row y stands in the picture at row 2 * horizon + 2 * focal * height / d - y.
  private func reflection(_ x: Int, _ y: Int, ripple: Float) -> V3 {
    let horizon = camera.centre.y + camera.focal * camera.forward.z / cosineOfTilt
    let column = max(0, min(canvas.width - 1, x + Int(floorIndex(ripple * 0.15))))
    var near: Float = 0
    var found = 0
    for _ in 0..<3 {
      let row = 2 * horizon + 2 * camera.focal * camera.position.z * near - Float(y) - 0.5 + ripple
      found = max(0, min(y, Int(floorIndex(row))))
      near = canvas.nearness[found * canvas.width + column]
    }
    return canvas.colour[found * canvas.width + column]
  }

  private var cosineOfTilt: Float {
    (camera.forward.x * camera.forward.x + camera.forward.y * camera.forward.y).squareRoot()
  }
}
