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
    addInstance(.person) { model in
      for side: Float in [-1, 1] { model.addLimbs(s, h, side: side, swing: phase * side, c) }
      model.addTrunk(s, h, c)
    }
    spots.append(
      Spot(centre: s.origin, along: s.right * (0.24 * h), across: s.forward * (0.24 * h), strength: -0.6))
  }

  private mutating func addLimbs(_ s: Stand, _ h: Float, side: Float, swing: Float, _ c: Clothing) {
    let top = s.at(0, 0, 0.52 * h) + s.right * (side * 0.05 * h)
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

  private mutating func addTrunk(_ s: Stand, _ h: Float, _ c: Clothing) {
    let hip = s.at(0, 0, 0.52 * h)
    let neck = s.at(0, 0.015 * h, 0.84 * h)
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
  }

  /// A part of a body, from joint to joint.
  mutating func addPart(_ a: V3, _ b: V3, _ radii: V2, _ colour: V3) {
    rods.append(Rod(a: a, b: b, radiusA: radii.x, radiusB: radii.y, colour: colour, label: .person))
  }
}
