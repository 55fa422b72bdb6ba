// SPDX-License-Identifier: Apache-2.0

import Files

extension Model {
  /// Grows a tree: a trunk, a few branches and a crown of ragged balls.
  mutating func addTree(at place: V3, height: Float, town: Town, using random: inout SeededGenerator) {
    let bark = random.vary(tone(0.34, 0.28, 0.22), by: 0.2)
    let lean = V3(random.draw(-0.25...0.25), random.draw(-0.25...0.25), 0)
    let slim = random.chance(0.2)
    let crownLow = height * random.draw(0.24...0.36)
    let middle = place + lean + V3(0, 0, (height + crownLow) / 2)
    let half =
      V3(1, 1, 0) * (slim ? height * 0.16 : height * random.draw(0.27...0.36))
      + V3(0, 0, (height - crownLow) / 2)
    let girth = 0.035 * height.squareRoot() + 0.06
    rods.append(
      Rod(a: place, b: middle, radiusA: girth * 1.25, radiusB: girth * 0.6, colour: bark, label: .vegetation))
    for _ in 0..<4 {
      let tip = middle + half * V3(random.draw(-0.7...0.7), random.draw(-0.7...0.7), random.draw(-0.3...0.5))
      let fork = mix(place + lean, middle, random.draw(0.55...0.9))
      rods.append(Rod(a: fork, b: tip, radiusA: girth * 0.5, radiusB: 0.03, colour: bark, label: .vegetation))
    }
    let leaf = random.vary(random.pick(town.leaves), by: 0.22)
    let distance = place.y
    let count = distance < 35 ? 46 : (distance < 80 ? 26 : 14)
    let size = half.z * (distance < 35 ? 0.3 : (distance < 80 ? 0.38 : 0.5)) + 0.25
    for _ in 0..<count {
      var d = V3(random.draw(-1...1), random.draw(-1...1), random.draw(-1...1))
      let length = dot(d, d).squareRoot()
      if length > 1 { d /= length * 1.02 }
      let taper = d.z > 0 ? 1 - 0.35 * d.z : 1
      let centre = middle + half * d * V3(taper, taper, 0.92)
      foliage.append(
        Foliage(
          centre: centre, radius: size * random.draw(0.7...1.15), colour: random.vary(leaf, by: 0.16),
          crown: middle - V3(0, 0, half.z * 0.35), seed: random.textureSeed()))
    }
    spots.append(
      Spot(
        centre: V3(place.x, place.y, 0), along: V3(half.x, 0, 0), across: V3(0, half.x, 0), strength: -0.35))
  }

  /// Plants a bush.
  mutating func addBush(at place: V3, size: Float, town: Town, using random: inout SeededGenerator) {
    let leaf = random.vary(random.pick(town.leaves), by: 0.25)
    for _ in 0..<7 {
      let off = V3(random.draw(-0.7...0.7), random.draw(-0.7...0.7), random.draw(0.35...0.9)) * size
      foliage.append(
        Foliage(
          centre: place + off, radius: size * random.draw(0.35...0.6), colour: random.vary(leaf, by: 0.15),
          crown: place, seed: random.textureSeed()))
    }
  }
}
