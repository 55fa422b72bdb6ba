// SPDX-License-Identifier: Apache-2.0

import Files

extension Model {
  /// A person on a motorcycle: two things of two classes.
  mutating func addMotorcyclist(_ s: Stand, wearing c: Clothing, paint: V3, helmet: V3) {
    addMotorcycle(s, paint: paint)
    addInstance(.rider) { $0.addMotorcycleRider(s, c, helmet) }
  }

  /// A motorcycle, its middle at a place.
  mutating func addMotorcycle(_ s: Stand, paint: V3) {
    addInstance(.motorcycle) { model in
      for y: Float in [-0.7, 0.72] { model.addMotorcycleWheel(s, y) }
      model.addMotorcycleBody(s, paint)
    }
    spots.append(Spot(centre: s.origin, along: s.right * 0.5, across: s.forward * 1.2, strength: -0.7))
  }

  private mutating func addMotorcycleWheel(_ s: Stand, _ y: Float) {
    let ring = (0..<13).map { i -> V3 in
      let angle = Float(i) * (6.2831853 / 12)
      return s.at(0, y + 0.25 * cosine(angle), 0.31 + 0.25 * sine(angle))
    }
    for i in 0..<12 { addRod(ring[i], ring[i + 1], 0.065, tone(0.1, 0.1, 0.1), .motorcycle) }
    for i in 0..<3 { addRod(ring[2 * i], ring[2 * i + 6], 0.02, tone(0.66, 0.67, 0.7), .motorcycle) }
  }

  private mutating func addMotorcycleBody(_ s: Stand, _ paint: V3) {
    let (chrome, black) = (tone(0.72, 0.73, 0.76), tone(0.11, 0.11, 0.12))
    func bar(_ a: V3, _ b: V3, _ radii: V2, _ colour: V3) {
      rods.append(
        Rod(
          a: s.at(a.x, a.y, a.z), b: s.at(b.x, b.y, b.z), radiusA: radii.x, radiusB: radii.y, colour: colour,
          label: .motorcycle))
    }
    for x: Float in [-0.1, 0.1] {
      bar(V3(x, 0.72, 0.31), V3(x, 0.42, 0.98), V2(0.03, 0.03), chrome)
      bar(V3(x, -0.7, 0.31), V3(x, -0.1, 0.42), V2(0.04, 0.05), black)
    }
    bar(V3(0, -0.12, 0.4), V3(0, 0.26, 0.46), V2(0.19, 0.2), tone(0.3, 0.3, 0.31))
    bar(V3(0, -0.05, 0.6), V3(0, 0.3, 0.66), V2(0.14, 0.12), black)
    bar(V3(0, 0.02, 0.82), V3(0, 0.38, 0.88), V2(0.14, 0.16), paint)
    bar(V3(0, -0.62, 0.84), V3(0, -0.06, 0.79), V2(0.1, 0.13), black)
    bar(V3(0, -0.95, 0.82), V3(0, -0.6, 0.76), V2(0.06, 0.11), paint)
    bar(V3(0, 0.5, 0.66), V3(0, 0.9, 0.64), V2(0.08, 0.07), paint)
    bar(V3(0, 0.52, 0.92), V3(0, 0.58, 0.92), V2(0.15, 0.13), paint * 0.9)
    bar(V3(0, 0.66, 0.92), V3(0, 0.68, 0.92), V2(0.09, 0.09), tone(0.95, 0.95, 0.9))
    bar(V3(0, -1.0, 0.8), V3(0, -1.0, 0.8), V2(0.06, 0.06), tone(0.8, 0.06, 0.06))
    bar(V3(0.17, 0.1, 0.28), V3(0.19, -0.85, 0.36), V2(0.05, 0.075), chrome)
    bar(V3(-0.38, 0.3, 1.06), V3(0.38, 0.3, 1.06), V2(0.025, 0.025), black)
    bar(V3(0, -0.98, 0.62), V3(0, -0.98, 0.52), V2(0.08, 0.08), tone(0.85, 0.84, 0.75))
  }

  private mutating func addMotorcycleRider(_ s: Stand, _ c: Clothing, _ helmet: V3) {
    let (hip, chest) = (s.at(0, -0.32, 0.96), s.at(0, -0.06, 1.42))
    for side: Float in [-1, 1] {
      let (knee, foot) = (s.at(side * 0.25, 0.14, 0.78), s.at(side * 0.22, -0.14, 0.34))
      addPart(hip + s.right * (side * 0.1), knee, V2(0.11, 0.08), c.legs)
      addPart(knee, foot, V2(0.075, 0.05), c.legs)
      addPart(foot, foot + s.forward * 0.2, V2(0.05, 0.045), c.shoes)
      let (shoulder, elbow) = (chest + s.right * (side * 0.2), s.at(side * 0.37, 0.04, 1.18))
      addPart(shoulder, elbow, V2(0.07, 0.06), c.top * 0.92)
      addPart(elbow, s.at(side * 0.33, 0.28, 1.08), V2(0.055, 0.045), c.top * 0.92)
      addPart(shoulder - s.right * (side * 0.07), hip + s.right * (side * 0.06), V2(0.12, 0.12), c.top)
    }
    addPart(chest - V3(0, 0, 0.02), hip + V3(0, 0, 0.05), V2(0.15, 0.14), c.top)
    addPart(s.at(0, 0, 1.66), s.at(0, 0.03, 1.7), V2(0.14, 0.145), helmet)
    addPart(s.at(0, 0.09, 1.66), s.at(0, 0.1, 1.67), V2(0.09, 0.09), tone(0.1, 0.1, 0.12))
  }
}
