// SPDX-License-Identifier: Apache-2.0

import Files

// Traffic lights ahead, motorcycles and parked bicycles.

extension Layout {
  mutating func placeSmall(_ extras: Town.Extras) {
    if random.chance(extras.signals) { placeSignals(extras) }
    for side: Float in [-1, 1] where random.chance(extras.bicycleStands) { placeBicycles(side) }
    for i in 0..<Int(random.draw(extras.motorcycles).rounded()) { placeMotorcycle(first: i == 0) }
    for i in 0..<Int(random.draw(extras.motorcyclists).rounded()) { placeMotorcyclist(first: i == 0) }
  }

  /// Lights at a stop line: on posts beside the road, or hung over it from an arm.
  private mutating func placeSignals(_ extras: Town.Extras) {
    let y = ground.crossings.first.map { $0 + 3.6 } ?? random.draw(11...22)
    let light = SignalLight(
      lit: random.below(3), lamps: max(0.6, domain.weather.lamps), housing: extras.signalHousing,
      size: extras.signalSize)
    let overhead = random.chance(extras.signalArms)
    for side: Float in [1, -1] where side > 0 || random.chance(0.6) {
      guard !inSideStreet(side, y), take(side * (ground.roadHalf + 0.45), y, half: V2(0.3, 0.3)) else {
        continue
      }
      let arm = overhead ? -side * min(7, ground.roadHalf * 0.85) : 0
      model.addTrafficLight(kerb(side, y, 0.45), light, arm: arm)
    }
  }

  /// A row of bicycles on a pavement, askew to the street.
  private mutating func placeBicycles(_ side: Float) {
    let pavement = side < 0 ? ground.pavements : V2(ground.pavements.y, 0)
    let x = side * (ground.roadHalf + max(1.1, pavement.x - 1.1))
    let start = max(6, seen(x)) + random.draw(0...6)
    let askew = side * random.draw(0.9...1.5)
    let paints = [
      tone(0.7, 0.12, 0.1), tone(0.1, 0.2, 0.5), tone(0.15, 0.15, 0.15), tone(0.75, 0.76, 0.78),
      tone(0.2, 0.5, 0.4),
    ]
    for i in 0..<(2 + random.below(4)) {
      let y = start + Float(i) * 0.8
      guard !inSideStreet(side, y), take(x, y, half: V2(0.9, 0.35)) else { continue }
      model.addBicycle(
        course.place(x, y).turned(askew + random.draw(-0.08...0.08)),
        frame: random.vary(random.pick(paints), by: 0.2))
    }
  }

  private var motorcyclePaints: [V3] {
    [tone(0.7, 0.08, 0.06), tone(0.1, 0.1, 0.11), tone(0.12, 0.25, 0.6), tone(0.85, 0.55, 0.08)]
  }

  /// A motorcycle that stands at the kerb, its front to the road.
  private mutating func placeMotorcycle(first: Bool) {
    for _ in 0..<8 {
      let side: Float = random.chance(0.6) ? 1 : -1
      let onPavement = random.chance(0.4)
      let x = side * (ground.roadHalf + (onPavement ? 1.3 : -1.2))
      let near = max(6, seen(x))
      let y = first ? near + random.draw(0...7) : random.draw(near...near + 28)
      guard !inSideStreet(side, y), take(x, y, half: V2(1, 0.7)) else { continue }
      model.addMotorcycle(
        course.place(x, y).turned(side * random.draw(0.6...1.5)), paint: random.pick(motorcyclePaints))
      return
    }
  }

  private mutating func placeMotorcyclist(first: Bool) {
    for _ in 0..<8 {
      let ahead = random.chance(0.6)
      let lane = laneX(random.below(ground.lanes)) + random.draw(-0.8...0.8)
      let x = ahead ? lane : -lane
      let y = first ? random.draw(9...19) : random.draw(16...40)
      guard y < ground.end - 3, take(x, y, half: V2(0.5, 1.3)) else { continue }
      let clothing = Clothing(town: town, using: &random)
      let helmets = [tone(0.9, 0.9, 0.9), tone(0.1, 0.1, 0.1), tone(0.75, 0.1, 0.08)]
      model.addMotorcyclist(
        course.place(x, y).turned((ahead ? 0 : 3.1415927) + random.draw(-0.25...0.25)), wearing: clothing,
        paint: random.pick(motorcyclePaints), helmet: random.pick(helmets))
      return
    }
  }
}
