// SPDX-License-Identifier: Apache-2.0

import Files

extension Model {
  /// A person on a bicycle: two things of two classes.
  mutating func addCyclist(_ s: Stand, phase: Float, wearing c: Clothing, frame: V3) {
    addBicycle(s, frame: frame)
    addInstance(.rider) { $0.addRider(s, phase, c) }
  }

  /// A bicycle, its middle at a place.
  mutating func addBicycle(_ s: Stand, frame: V3) {
    addInstance(.bicycle) { model in
      for y: Float in [-0.53, 0.53] { model.addBicycleWheel(s, y) }
      model.addBicycleFrame(s, frame)
    }
    spots.append(Spot(centre: s.origin, along: s.right * 0.35, across: s.forward * 1, strength: -0.55))
  }

  private mutating func addBicycleFrame(_ s: Stand, _ frame: V3) {
    let (rear, front, crank) = (s.at(0, -0.53, 0.34), s.at(0, 0.53, 0.34), s.at(0, -0.08, 0.3))
    let (seat, head) = (s.at(0, -0.24, 0.86), s.at(0, 0.4, 0.86))
    for (a, b) in [(rear, crank), (rear, seat), (crank, seat), (crank, head), (seat, head), (head, front)] {
      addRod(a, b, 0.024, frame, .bicycle)
    }
    addRod(seat, s.at(0, -0.27, 0.97), 0.03, frame * 0.5, .bicycle)
    addRod(s.at(0, -0.36, 0.98), s.at(0, -0.14, 0.99), 0.06, tone(0.1, 0.1, 0.1), .bicycle)
    addRod(head, s.at(0, 0.42, 1.03), 0.022, frame * 0.5, .bicycle)
    addRod(s.at(-0.27, 0.36, 1.05), s.at(0.27, 0.36, 1.05), 0.02, tone(0.15, 0.15, 0.15), .bicycle)
  }

  private mutating func addBicycleWheel(_ s: Stand, _ y: Float) {
    let ring = (0..<15).map { i -> V3 in
      let angle = Float(i) * (6.2831853 / 14)
      return s.at(0, y + 0.33 * cosine(angle), 0.34 + 0.33 * sine(angle))
    }
    for i in 0..<14 { addRod(ring[i], ring[i + 1], 0.027, tone(0.13, 0.13, 0.14), .bicycle) }
    for i in stride(from: 0, to: 7, by: 2) {
      addRod(ring[i], ring[i + 7], 0.007, tone(0.5, 0.5, 0.5), .bicycle)
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
