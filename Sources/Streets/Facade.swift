// SPDX-License-Identifier: Apache-2.0

/// A house front: storeys of windows over a ground floor, drawn from numbers instead of a picture.
struct Facade {
  enum Wall { case plaster, brick, stone, glass }
  enum Ground { case shop, home, office }

  var wall: Wall
  var ground: Ground
  var colour: V3
  var trim: V3
  var sign: V3
  var width: Float
  var height: Float
  var groundHeight: Float
  var storey: Float
  var bay: Float
  /// Share of a bay's width and of a storey's height that is window.
  var window: V2
  /// Share of windows that are lit when lamps are.
  var litShare: Float
  var seed: UInt32
  /// A blind wall, such as a gable end.
  var blind = false

  /// The light that leaves the front at `at`: metres from its lower left corner.
  func colour(_ at: V2, _ footprint: Float, _ on: Shader.Surface, _ shader: Shader) -> V3 {
    let (u, v) = (at.x, at.y)
    if blind { return wallColour(at, footprint) * on.light }
    if v > height - 0.5 {
      return trim * on.light * (v > height - 0.15 ? 1.1 : (v < height - 0.42 ? 0.6 : 0.9))
    }
    let bays = max(1, (width / bay).rounded())
    let bayWidth = width / bays
    let column = floorIndex(u / bayWidth)
    let along = fraction(u / bayWidth) - 0.5
    if v < groundHeight {
      return groundFloor(V2(along, v), column, bayWidth, (at, footprint, on, shader))
    }
    let level = (v - groundHeight) / storey
    let row = floorIndex(level)
    let up = fraction(level) - 0.5
    let free = height - 0.5 - (groundHeight + Float(row) * storey)
    let inside = V2(along / window.x, up / window.y)
    if free > storey * 0.9, inside.x.magnitude < 0.5, inside.y.magnitude < 0.5 {
      return pane(inside, column, row, (on, shader))
    }
    if inside.x.magnitude < 0.56, inside.y < -0.5, inside.y > -0.62 { return trim * on.light * 1.05 }
    if inside.x.magnitude < 0.58, inside.y.magnitude < 0.58, wall != .glass { return trim * on.light * 0.9 }
    if up < -0.46, wall != .brick { return trim * on.light * 0.85 }
    return wallColour(at, footprint) * on.light
  }

  /// A window: frame, glazing bars, the lintel's shadow, and behind the glass dark, curtain or lamp light.
  private func pane(_ p: V2, _ column: Int32, _ row: Int32, _ view: (on: Shader.Surface, shader: Shader))
    -> V3
  {
    let luck = hashUnit(column, row, seed)
    let frame = p.x.magnitude > 0.44 || p.y.magnitude > 0.45
    if frame || (wall != .glass && (p.x.magnitude < 0.03 || (p.y - 0.18).magnitude < 0.025)) {
      return (wall == .glass ? V3(repeating: 0.12) : tone(0.82, 0.82, 0.8)) * view.on.light * 0.9
    }
    let recess: Float = p.y > 0.34 || p.x < -0.38 ? 0.55 : 1
    let second = hashUnit(column &+ 91, row, seed)
    if view.shader.lamps > 0, luck < litShare {
      let warm = mix(V3(1.0, 0.62, 0.26), V3(0.95, 0.9, 0.75), second)
      let curtain: Float = p.x.magnitude > 0.28 ? 0.55 : 1
      return warm * (view.shader.lamps * (0.45 + 0.5 * second) * curtain * recess)
    }
    let mirrored = view.shader.mirrored * (0.1 + 0.4 * second * second + 0.18 * (p.y + 0.5))
    if luck > 0.72, p.x.magnitude > 0.22 || p.y > 0.45 - luck * 0.5 {
      return tone(0.72, 0.7, 0.66) * view.on.light * (0.5 * recess) + mirrored * 0.35
    }
    return (V3(0.015, 0.018, 0.022) + mirrored) * recess
  }

  private func groundFloor(
    _ p: V2, _ column: Int32, _ bayWidth: Float,
    _ view: (at: V2, footprint: Float, on: Shader.Surface, shader: Shader)
  ) -> V3 {
    let (x, v) = (p.x * bayWidth, p.y)
    let half = bayWidth / 2
    let light = view.on.light
    let door = hashUnit(column, 17, seed) < (ground == .shop ? 0.25 : 0.34)
    if ground == .shop {
      if v > groundHeight - 0.75 {
        let text =
          v > groundHeight - 0.55 && v < groundHeight - 0.25 && x.magnitude < half * 0.6
          && fraction(view.at.x * 3.1) < 0.6 && hashUnit(floorIndex(view.at.x * 3.1), 9, seed) > 0.15
        return (text ? tone(0.95, 0.93, 0.85) : sign) * (light + V3(repeating: view.shader.lamps * 0.5))
      }
      if x.magnitude > half - 0.18 { return trim * light * 0.85 }
      if v < 0.45 && !door { return sign * light * 0.55 }
      return shopWindow(V2(x, v), column, view.shader)
    }
    if v < 0.4, !door || x.magnitude > 0.6 { return trim * light * 0.7 }
    if door, x.magnitude < 0.55, v < 2.25 {
      let panel = (x.magnitude - 0.25).magnitude < 0.18 && fraction(v * 1.1) < 0.75
      return sign * light * (x.magnitude > 0.47 || v > 2.15 ? 1.2 : (panel ? 0.6 : 0.8))
    }
    if door, x.magnitude < 0.7, v < 2.45 { return trim * light }
    let inside = V2(x / (bayWidth * window.x), (v - groundHeight * 0.55) / (groundHeight * 0.48))
    if !door, inside.x.magnitude < 0.5, inside.y.magnitude < 0.5 {
      return pane(inside, column, -1, (view.on, view.shader))
    }
    if !door, inside.x.magnitude < 0.57, inside.y.magnitude < 0.57 { return trim * light * 0.95 }
    if v > groundHeight - 0.22 { return trim * light * 0.9 }
    return wallColour(view.at, view.footprint) * light * (ground == .office ? 0.8 : 0.95)
  }

  private func shopWindow(_ p: V2, _ column: Int32, _ shader: Shader) -> V3 {
    let goods = hashUnit(floorIndex(p.x * 2.3 + 50), floorIndex(p.y * 1.7) &+ column &* 31, seed)
    let tint = V3(0.3 + 0.7 * goods, 0.3 + 0.6 * fraction(goods * 7), 0.3 + 0.6 * fraction(goods * 13))
    let stacked = p.y < 0.7 + 1.1 * hashUnit(floorIndex(p.x * 1.3 + 50), column, seed &+ 1)
    let shown = stacked ? tint * 0.14 * (0.4 + goods) : V3(repeating: 0.015)
    let inside = V3(0.012, 0.012, 0.014) + shown * 0.6 + shader.mirrored * (0.03 + 0.05 * p.y)
    let lit = (V3(0.5, 0.36, 0.22) * (0.25 + 0.3 * p.y) + shown * 3.2 * V3(1, 0.8, 0.6)) * shader.lamps
    return shader.lamps > 0 && hashUnit(3, 5, seed) < 0.75 ? inside + lit : inside
  }

  /// The bare wall: its pattern fades where a sample spans it.
  private func wallColour(_ at: V2, _ footprint: Float) -> V3 {
    let stain = valueNoise(at.x * 0.7, at.y * 0.25, seed) - 0.5
    let grain = valueNoise(at.x * 7, at.y * 7, seed &+ 3) - 0.5
    let foot = 0.82 + 0.18 * smoothStep(0, 1.5, at.y)
    var tint = 1 + 0.22 * stain + 0.1 * grain * clamp01(0.3 - footprint) * 3.3
    switch wall {
    case .brick:
      let clear = clamp01(0.09 - footprint) * 11
      let row = floorIndex(at.y / 0.085)
      let x = at.x / 0.25 + (row & 1 == 0 ? 0 : 0.5)
      let mortar = fraction(at.y / 0.085) < 0.17 || fraction(x) < 0.06
      let brick = (hashUnit(floorIndex(x), row, seed) - 0.5) * 0.45
      tint += (mortar ? 0.35 : brick) * clear
    case .stone:
      let clear = clamp01(0.2 - footprint) * 5
      let row = floorIndex(at.y / 0.45)
      let x = at.x / 0.9 + (row & 1 == 0 ? 0 : 0.5)
      let joint = fraction(at.y / 0.45) < 0.06 || fraction(x) < 0.03
      tint += (joint ? -0.25 : (hashUnit(floorIndex(x), row, seed) - 0.5) * 0.22) * clear
    case .plaster, .glass: break
    }
    return colour * (tint * foot)
  }
}
