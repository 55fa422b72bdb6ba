// SPDX-License-Identifier: Apache-2.0

import Files

extension Model {
  /// Grows a palm: a bare leaning trunk and a crown of drooping fronds.
  mutating func addPalm(at place: V3, height: Float, using random: inout SeededGenerator) {
    let bark = random.vary(tone(0.46, 0.39, 0.31), by: 0.15)
    let lean = V3(random.draw(-0.5...0.5), random.draw(-0.5...0.5), 0)
    let (bend, top) = (place + lean * 0.3 + V3(0, 0, height * 0.5), place + lean + V3(0, 0, height))
    rods.append(Rod(a: place, b: bend, radiusA: 0.2, radiusB: 0.15, colour: bark, label: .vegetation))
    rods.append(Rod(a: bend, b: top, radiusA: 0.15, radiusB: 0.13, colour: bark, label: .vegetation))
    let leaf = random.vary(tone(0.28, 0.42, 0.16), by: 0.2)
    let reach = random.draw(1.5...2.2)
    for i in 0..<13 {
      let angle = Float(i) * 0.4833 + random.draw(-0.15...0.15)
      let out = V3(cosine(angle), sine(angle), 0)
      addFrond(
        from: top, out: out * reach, rise: random.draw(-0.1...0.75), colour: random.vary(leaf, by: 0.2))
    }
    rods.append(
      Rod(
        a: top - V3(0, 0, 0.7), b: top - V3(0, 0, 0.1), radiusA: 0.17, radiusB: 0.34,
        colour: tone(0.45, 0.38, 0.24), label: .vegetation))
    spots.append(
      Spot(centre: V3(place.x, place.y, 0), along: V3(1, 0, 0), across: V3(0, 1, 0), strength: -0.3))
  }

  /// One leaf: it rises from the trunk, then droops to a point.
  private mutating func addFrond(from top: V3, out: V3, rise: Float, colour: V3) {
    let material = add(.plain(colour))
    let wide = normalised(cross(out, V3(0, 0, 1))) * 0.3
    let (knee, tip) = (top + out * 0.55 + V3(0, 0, rise), top + out + V3(0, 0, rise - 0.9))
    let crest = V3(0, 0, 0.12)
    for side: Float in [-1, 1] {
      let edge = wide * side - crest
      let near = [top, knee, knee + edge, top + edge * 0.3]
      let far = [knee, tip, knee + edge]
      addFace(near, material, .vegetation, twoSided: true, shadow: true)
      addFace(far, material, .vegetation, twoSided: true, shadow: true)
    }
  }
}
