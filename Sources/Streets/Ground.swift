// SPDX-License-Identifier: Apache-2.0

/// The ground of a street: carriageway, markings, kerbs, pavements and what lies beyond.
struct Ground {
  /// What covers the ground beyond the pavement of a plot.
  enum Cover: UInt8 { case paved, grass, street }

  /// Half the width of the carriageway, and the width of each pavement (left, right), in metres.
  var roadHalf: Float
  var pavements: V2
  /// The street's middle lies at x = bend * y * y.
  var bend: Float
  /// The covers of the left and right side, a metre an entry, from `firstMetre` on.
  var left: [Cover]
  var right: [Cover]
  /// Where the street runs into a cross street, metres along it.
  var end: Float
  var crossings: [Float]
  var parkingLane: V2
  var asphalt: V3
  var paving: V3
  var grass: V3
  var markings: V3
  /// 0 crisp, 1 worn away.
  var wear: Float
  var cobbled: Bool
  var seed: UInt32
  /// Lanes each way; with more than one a double line of the given colour parts the directions.
  var lanes = 1
  var middleLine = V3.zero
  /// Width of the grass between kerb and pavement (left, right).
  var verges = V2.zero
  /// Where tram tracks run: offsets from the street's middle, and the distance of a track across it.
  var tracks: [Float] = []
  var crossTrack: Float?

  static let firstMetre = -12
  static let metres = 320

  private func cover(_ side: [Cover], _ y: Float) -> Cover {
    side[max(0, min(Ground.metres - 1, Int(floorIndex(y)) - Ground.firstMetre))]
  }

  /// Colour before light, class, and how much of it a wet day makes a mirror.
  func sample(_ p: V2, _ footprint: V2) -> (colour: V3, label: StreetClass, gloss: Float) {
    let x = p.x - bend * p.y * p.y
    let (here, pavement) = x < 0 ? (cover(left, p.y), pavements.x) : (cover(right, p.y), pavements.y)
    let beyond = x.magnitude - roadHalf
    if p.y > end { return crossStreet(V2(x, p.y), footprint) }
    if beyond < 0 || here == .street {
      return (carriageway(V2(x, p.y), beyond, footprint, side: here == .street), .road, 1)
    }
    if beyond > 0.16, beyond < (x < 0 ? verges.x : verges.y) { return (lawn(p, footprint), .terrain, 0) }
    if beyond < pavement || here == .paved {
      return (slabs(V2(x, p.y), beyond, footprint), .sidewalk, 0.55)
    }
    return (lawn(p, footprint), .terrain, 0)
  }

  /// The cross street at the end, its far pavement and the paved ground behind.
  private func crossStreet(_ p: V2, _ footprint: V2) -> (colour: V3, label: StreetClass, gloss: Float) {
    let over = p.y - end - Ground.crossWidth
    if over < 0 { return (carriageway(p, 1, footprint, side: true), .road, 1) }
    return (slabs(V2(p.y, p.x), over, footprint), .sidewalk, 0.55)
  }

  /// Width of the cross street at the end.
  static let crossWidth: Float = 8

  @inline(__always) private func clear(_ size: Float, _ footprint: Float) -> Float {
    clamp01(1.6 - footprint / size)
  }

  private func carriageway(_ p: V2, _ beyond: Float, _ footprint: V2, side: Bool) -> V3 {
    let span = footprint.y
    let fine = clear(0.05, span)
    let grain = fine > 0 ? (valueNoise(p.x * 38, p.y * 38, seed) - 0.5) * fine : 0
    let blotch = valueNoise(p.x * 1.3, p.y * 0.35, seed &+ 1) - 0.5
    let broad = valueNoise(p.x * 0.4, p.y * 0.09, seed &+ 2) - 0.5
    var tint = 1 + 0.5 * grain + 0.2 * blotch + 0.22 * broad
    let lane = fraction((p.x / roadHalf + 1)) - 0.5
    tint -= 0.1 * (1 - smoothStep(0.03, 0.16, (lane.magnitude - 0.22).magnitude))
    // Patches where the road was opened, with a dark seam.
    let (px, py) = (p.x / 1.9 + 0.3, p.y / 4.3)
    if hashUnit(floorIndex(px), floorIndex(py), seed &+ 3) < 0.08 {
      let edge = min(fraction(px), 1 - fraction(px), fraction(py) * 2.2, (1 - fraction(py)) * 2.2)
      tint *= edge < 0.03 ? 0.7 : 0.85
    }
    if broad > 0.12, (valueNoise(p.x * 0.8, p.y * 0.5, seed &+ 4) - 0.5).magnitude < 0.006 {
      tint *= 1 - 0.3 * clear(0.06, span)
    }
    if cobbled { tint *= cobbles(p, span) }
    var c = asphalt * tint
    var paint = side && beyond > 0 ? 0 : marking(p, beyond)
    if paint > 0 { paint *= 1 - wear * valueNoise(p.x * 5, p.y * 3, seed &+ 6) }
    c = mix(c, markings, paint * (0.92 + 0.3 * grain))
    if lanes > 1, !side, (p.x.magnitude - 0.14).magnitude < 0.06 { c = mix(c, middleLine, 0.9 - 0.5 * wear) }
    if !tracks.isEmpty || crossTrack != nil { c = rails(p, side: side) ?? c }
    if beyond > -0.3, !side { c *= 0.72 }
    if beyond > -0.62, beyond < -0.25, fraction(p.y / 17 + 0.31) < 0.03, !side {
      c = V3(repeating: fraction(p.y * 14) < 0.5 ? 0.008 : 0.06)
    }
    return c
  }

  private func cobbles(_ p: V2, _ span: Float) -> Float {
    let row = floorIndex(p.y / 0.14)
    let x = p.x / 0.14 + (row & 1 == 0 ? 0 : 0.5)
    let stone = hashUnit(floorIndex(x), row, seed) * 0.5
    let joint: Float = fraction(x) < 0.16 || fraction(p.y / 0.14) < 0.16 ? -0.42 : 0.02
    return 1 + (stone + joint - 0.2) * clear(0.14, span)
  }

  /// The steel and grooves of tram tracks.
  private func rails(_ p: V2, side: Bool) -> V3? {
    func rail(_ off: Float) -> V3? {
      let gauge = (off.magnitude - 0.72).magnitude
      return gauge < 0.045 ? tone(0.62, 0.63, 0.66) : (gauge < 0.09 ? tone(0.16, 0.16, 0.16) : nil)
    }
    if let y = crossTrack, let steel = rail(p.y - y) { return steel }
    if side { return nil }
    for x in tracks { if let steel = rail(p.x - x) { return steel } }
    return nil
  }

  /// How much of the ground here is white paint.
  private func marking(_ p: V2, _ beyond: Float) -> Float {
    for start in crossings {
      let y = p.y - start
      if y > 0, y < 3.2 { return fraction(p.x / 1.0 + 0.25) < 0.5 && beyond < -0.3 ? 0.9 : 0 }
      if y > -1.6, y < -1.2 { return p.x > 0.1 && beyond < -0.3 ? 0.9 : 0 }
      if y > -9, y < 3.4 { return y < -1.2 && p.x.magnitude < 0.07 ? 0.9 : 0 }
    }
    if lanes == 1, p.x.magnitude < 0.075 { return fraction(p.y / 7.5) < 0.42 ? 0.9 : 0 }
    let parking = p.x < 0 ? parkingLane.x : parkingLane.y
    if lanes > 1 {
      let along = p.x.magnitude / (roadHalf - parking) * Float(lanes)
      let off = (along - along.rounded()).magnitude * (roadHalf - parking) / Float(lanes)
      if along > 0.5, along < Float(lanes) - 0.5, off < 0.07 { return fraction(p.y / 9) < 0.36 ? 0.9 : 0 }
    }
    if parking > 0 {
      if (beyond + parking).magnitude < 0.06 { return fraction(p.y / 1.1) < 0.55 ? 0.8 : 0 }
      if beyond > -parking, fraction(p.y / 5.6) < 0.02 { return 0.8 }
    } else if (beyond + 0.38).magnitude < 0.06 {
      return 0.75
    }
    return 0
  }

  private func slabs(_ p: V2, _ beyond: Float, _ footprint: V2) -> V3 {
    if beyond < 0.16 {
      let joint: Float = fraction(p.y / 1.0) < 0.03 ? 0.75 : 1
      return mix(paving, V3(repeating: 0.42), 0.55) * joint * (beyond < 0.04 ? 0.6 : 1.12)
    }
    let span = footprint.y
    let (sx, sy) = (p.x / 0.5, p.y / 0.5 + (floorIndex(p.x / 0.5) & 1 == 0 ? 0 : 0.5))
    let slab = (hashUnit(floorIndex(sx), floorIndex(sy), seed) - 0.5) * 0.2 * clear(0.5, span)
    let joint: Float = fraction(sx) < 0.05 || fraction(sy) < 0.05 ? -0.26 * clear(0.3, span) : 0
    let dirt = valueNoise(p.x * 1.1, p.y * 0.8, seed &+ 8) - 0.5
    let grain = (valueNoise(p.x * 30, p.y * 30, seed) - 0.5) * clear(0.06, span)
    return paving * (1 + slab + joint + 0.2 * dirt + 0.2 * grain)
  }

  private func lawn(_ p: V2, _ footprint: V2) -> V3 {
    let blade = (valueNoise(p.x * 22, p.y * 14, seed) - 0.5) * clear(0.15, footprint.y)
    let patch = valueNoise(p.x * 0.9, p.y * 0.5, seed &+ 5) - 0.5
    return mix(grass, grass * V3(1.5, 1.15, 0.8), clamp01(patch + 0.4)) * (1 + 0.8 * blade + 0.3 * patch)
  }
}
