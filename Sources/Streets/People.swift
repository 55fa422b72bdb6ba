// SPDX-License-Identifier: Apache-2.0

import Files

/// What a person wears.
struct Clothing {
  var top: V3
  var legs: V3
  var shoes: V3
  var skin: V3
  var hair: V3
  var coat: Bool
  var bag: Bool

  init(town: Town, using random: inout SeededGenerator) {
    let skins = [tone(0.86, 0.68, 0.56), tone(0.78, 0.58, 0.46), tone(0.58, 0.4, 0.3), tone(0.4, 0.27, 0.2)]
    let hairs = [tone(0.14, 0.1, 0.08), tone(0.3, 0.2, 0.12), tone(0.6, 0.48, 0.3), tone(0.55, 0.55, 0.55)]
    let trousers = [
      tone(0.16, 0.2, 0.32), tone(0.13, 0.13, 0.15), tone(0.42, 0.38, 0.3), tone(0.26, 0.36, 0.5),
    ]
    top = random.vary(random.pick(town.clothes), by: 0.2)
    legs = random.vary(random.pick(trousers), by: 0.2)
    shoes = random.chance(0.3) ? tone(0.75, 0.75, 0.75) : tone(0.12, 0.1, 0.09)
    skin = random.vary(random.pick(skins), by: 0.1)
    hair = random.vary(random.pick(hairs), by: 0.1)
    coat = random.chance(town.coats)
    bag = random.chance(0.35)
  }
}

extension Model {
  /// A walking or standing person; `phase` is the swing of the legs, -1 ... 1.
  mutating func addPerson(_ s: Stand, height h: Float, phase: Float, wearing c: Clothing) {
    let hip = s.at(0, 0, 0.52 * h)
    let neck = s.at(0, 0.015 * h, 0.84 * h)
    for side: Float in [-1, 1] {
      let swing = phase * side
      let top = hip + s.right * (side * 0.05 * h)
      let knee = s.at(side * 0.055 * h, swing * 0.09 * h + 0.02 * h, 0.285 * h)
      let ankle = s.at(
        side * 0.055 * h, swing * 0.17 * h - max(0, -swing) * 0.05 * h, 0.045 * h + max(0, -swing) * 0.03 * h)
      addPart(top, knee, V2(0.058, 0.043) * h, c.legs)
      addPart(knee, ankle, V2(0.042, 0.028) * h, c.legs)
      addPart(
        ankle - V3(0, 0, 0.02 * h), ankle + s.forward * 0.075 * h - V3(0, 0, 0.022 * h), V2(0.03, 0.024) * h,
        c.shoes)
      let shoulder = s.at(side * 0.105 * h, 0, 0.795 * h)
      let elbow = s.at(side * 0.135 * h, -swing * 0.05 * h - 0.01 * h, 0.63 * h)
      let hand = s.at(side * 0.13 * h, -swing * 0.12 * h + 0.04 * h, 0.49 * h)
      addPart(shoulder, elbow, V2(0.036, 0.029) * h, c.top * 0.93)
      addPart(elbow, hand, V2(0.028, 0.021) * h, c.top * 0.93)
      addPart(hand, hand - V3(0, 0, 0.02 * h), V2(0.023, 0.02) * h, c.skin)
      addPart(shoulder - s.right * (side * 0.05 * h), top, V2(0.06, 0.06) * h, c.top)
    }
    addPart(neck - V3(0, 0, 0.06 * h), hip, V2(0.075, 0.075) * h, c.top)
    if c.coat { addPart(s.at(0, 0, 0.6 * h), s.at(0, 0, 0.33 * h), V2(0.095, 0.115) * h, c.top * 0.96) }
    addPart(neck - V3(0, 0, 0.02 * h), s.at(0, 0.02 * h, 0.88 * h), V2(0.03, 0.03) * h, c.skin)
    addPart(s.at(0, 0.02 * h, 0.905 * h), s.at(0, 0.02 * h, 0.935 * h), V2(0.05, 0.056) * h, c.skin)
    addPart(s.at(0, 0.002 * h, 0.935 * h), s.at(0, 0.005 * h, 0.955 * h), V2(0.058, 0.055) * h, c.hair)
    if c.bag {
      addPart(
        s.at(0.02 * h, -0.1 * h, 0.76 * h), s.at(-0.01 * h, -0.1 * h, 0.64 * h), V2(0.065, 0.075) * h,
        c.legs * 1.4 + V3(0.03, 0.01, 0.01))
    }
    spots.append(
      Spot(centre: s.origin, along: s.right * (0.24 * h), across: s.forward * (0.24 * h), strength: -0.6))
  }

  private mutating func addPart(_ a: V3, _ b: V3, _ radii: V2, _ colour: V3) {
    rods.append(Rod(a: a, b: b, radiusA: radii.x, radiusB: radii.y, colour: colour, label: .pedestrian))
  }

  /// A person on a bicycle, all of the one class.
  mutating func addCyclist(_ s: Stand, phase: Float, wearing c: Clothing, frame: V3) {
    let first = rods.count
    for y: Float in [-0.53, 0.53] { addBicycleWheel(s, y) }
    let (rear, front, crank) = (s.at(0, -0.53, 0.34), s.at(0, 0.53, 0.34), s.at(0, -0.08, 0.3))
    let (seat, head) = (s.at(0, -0.24, 0.86), s.at(0, 0.4, 0.86))
    for (a, b) in [(rear, crank), (rear, seat), (crank, seat), (crank, head), (seat, head), (head, front)] {
      addRod(a, b, 0.024, frame, .bicyclist)
    }
    addRod(seat, s.at(0, -0.27, 0.97), 0.03, frame * 0.5, .bicyclist)
    addRod(s.at(0, -0.36, 0.98), s.at(0, -0.14, 0.99), 0.06, tone(0.1, 0.1, 0.1), .bicyclist)
    addRod(head, s.at(0, 0.42, 1.03), 0.022, frame * 0.5, .bicyclist)
    addRod(s.at(-0.27, 0.36, 1.05), s.at(0.27, 0.36, 1.05), 0.02, tone(0.15, 0.15, 0.15), .bicyclist)
    addRider(s, phase, c)
    for i in first..<rods.count { rods[i].label = .bicyclist }
    spots.append(Spot(centre: s.origin, along: s.right * 0.35, across: s.forward * 1, strength: -0.55))
  }

  private mutating func addBicycleWheel(_ s: Stand, _ y: Float) {
    let ring = (0..<15).map { i -> V3 in
      let angle = Float(i) * (6.2831853 / 14)
      return s.at(0, y + 0.33 * cosine(angle), 0.34 + 0.33 * sine(angle))
    }
    for i in 0..<14 { addRod(ring[i], ring[i + 1], 0.027, tone(0.13, 0.13, 0.14), .bicyclist) }
    for i in stride(from: 0, to: 7, by: 2) {
      addRod(ring[i], ring[i + 7], 0.007, tone(0.5, 0.5, 0.5), .bicyclist)
    }
  }

  private mutating func addRider(_ s: Stand, _ phase: Float, _ c: Clothing) {
    let (hip, chest) = (s.at(0, -0.22, 1.02), s.at(0, 0.08, 1.46))
    for side: Float in [-1, 1] {
      let pedal = s.at(side * 0.11, -0.08 + 0.16 * phase * side, 0.3 + 0.16 * phase * side)
      let knee = s.at(side * 0.12, 0.2, 0.74 + 0.1 * phase * side)
      addPart(hip + s.right * (side * 0.09), knee, V2(0.1, 0.07), c.legs)
      addPart(knee, pedal + V3(0, 0, 0.08), V2(0.065, 0.045), c.legs)
      addPart(pedal, pedal + s.forward * 0.16, V2(0.05, 0.04), c.shoes)
      let shoulder = chest + s.right * (side * 0.18)
      let elbow = s.at(side * 0.25, 0.22, 1.2)
      addPart(shoulder, elbow, V2(0.06, 0.05), c.top * 0.94)
      addPart(elbow, s.at(side * 0.25, 0.38, 1.07), V2(0.045, 0.038), c.coat ? c.top : c.skin)
      addPart(shoulder - s.right * (side * 0.07), hip + s.right * (side * 0.06), V2(0.11, 0.11), c.top)
    }
    addPart(chest - V3(0, 0, 0.02), hip + V3(0, 0, 0.05), V2(0.14, 0.13), c.top)
    addPart(chest, s.at(0, 0.14, 1.6), V2(0.06, 0.055), c.skin)
    addPart(s.at(0, 0.17, 1.66), s.at(0, 0.18, 1.7), V2(0.09, 0.1), c.skin)
    let hat = c.bag ? tone(0.85, 0.85, 0.8) : c.hair
    addPart(s.at(0, 0.11, 1.73), s.at(0, 0.19, 1.75), V2(0.105, 0.1), hat)
  }
}
