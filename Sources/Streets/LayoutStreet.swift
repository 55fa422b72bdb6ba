// SPDX-License-Identifier: Apache-2.0

import Files

// What stands and moves in the street itself: posts, trees, vehicles and people.

extension Layout {
  /// A place on a side's pavement so far from the kerb.
  func kerb(_ side: Float, _ y: Float, _ inset: Float) -> Stand {
    course.place(side * (ground.roadHalf + inset), y)
  }

  mutating func placeFurniture() {
    let lamps = domain.weather.lamps > 0.5 ? domain.weather.lamps : 0
    let lampHeight = random.draw(5.5...8.5)
    let spacing = random.draw(18...27)
    let bothSides = random.chance(0.5)
    let colour = random.vary(town.poles, by: 0.3)
    for side: Float in [-1, 1] {
      if bothSides || side > 0 { placeLamps(side, spacing, (lampHeight, lamps, colour)) }
      placeSigns(side)
      if random.chance(town.trees) { placeAvenue(side) }
      if random.chance(0.2) { placeBollards(side) }
    }
    if let crossing = ground.crossings.first, sideStreets[0] != nil || sideStreets[1] != nil,
      random.chance(0.75)
    {
      let lit = random.below(3)
      for side: Float in [-1, 1] {
        let arm: Float = random.chance(0.4) ? -side * min(4, ground.roadHalf * 0.7) : 0
        model.addTrafficLight(
          kerb(side, crossing - 0.6, 0.45), SignalLight(lit: lit, lamps: domain.weather.lamps), arm: arm)
      }
    }
  }

  private mutating func placeLamps(
    _ side: Float, _ spacing: Float, _ kind: (height: Float, lamps: Float, colour: V3)
  ) {
    var y = random.draw(7...19)
    while y < min(150, ground.end - 1) {
      if !inSideStreet(side, y), take(side * (ground.roadHalf + 0.4), y, half: V2(0.3, 0.5)) {
        model.addLampPost(
          kerb(side, y, 0.4), height: kind.height, arm: -side * 1.3, lamps: kind.lamps, colour: kind.colour)
      }
      y += spacing
    }
  }

  private mutating func placeSigns(_ side: Float) {
    let count = side > 0 ? 2 + random.below(2) : 1 + random.below(2)
    for i in 0..<count {
      let near = seen(side * ground.roadHalf)
      let y = i == 0 ? near + random.draw(0...7) : random.draw(14...55)
      guard !inSideStreet(side, y), take(side * (ground.roadHalf + 0.5), y, half: V2(0.4, 0.6)) else {
        continue
      }
      let stand = kerb(side, y, random.draw(0.4...0.7)).turned(random.draw(-0.2...0.2))
      let size = random.draw(0.3...0.42)
      let height = random.draw(2.1...2.6)
      let seed = random.textureSeed()
      model.addSign(stand, face: random.pick(town.signs), size: size, height: height, seed: seed)
      if random.chance(0.3) {
        model.addPlate(
          stand, face: random.pick([.direction, .mandatory, .parking]), size: size * 0.75,
          centre: height - size * 1.9, seed: seed)
      }
    }
  }

  /// Plants a tree of the town.
  mutating func plant(_ place: V3, height: Float) {
    if let extras = town.extras, random.chance(extras.palms) {
      model.addPalm(at: place, height: height * 1.3, using: &random)
    } else {
      model.addTree(at: place, height: height, town: town, using: &random)
    }
  }

  private mutating func placeAvenue(_ side: Float) {
    var y = random.draw(9...20)
    let spacing = random.draw(8...16)
    let height = random.draw(5...9)
    let inset = random.draw(0.8...1.2)
    while y < min(140, ground.end - 3) {
      if !inSideStreet(side, y, margin: 3), take(side * (ground.roadHalf + inset), y, half: V2(0.5, 0.8)) {
        plant(kerb(side, y, inset).origin, height: height * random.draw(0.8...1.15))
      }
      y += spacing * random.draw(0.8...1.4)
    }
  }

  private mutating func placeBollards(_ side: Float) {
    let start = random.draw(8...18)
    for i in 0..<(3 + random.below(5)) {
      let y = start + Float(i) * 1.8
      if !inSideStreet(side, y), take(side * (ground.roadHalf + 0.35), y, half: V2(0.15, 0.15)) {
        model.addBollard(kerb(side, y, 0.35), colour: tone(0.2, 0.2, 0.21))
      }
    }
  }

  // MARK: Vehicles

  mutating func placeTraffic() {
    let lane = laneX
    let oncoming = -(ground.roadHalf - ground.parkingLane.x) / 2
    let count = Int(random.draw(town.cars).rounded())
    for i in 0..<count {
      let ahead = i % 2 == 0
      let y = i < 2 ? random.draw(11...28) : random.draw(20...min(110, ground.end - 4))
      let place = ground.lanes > 1 ? laneX(random.below(ground.lanes)) : lane
      addVehicle(ahead ? place : (ground.lanes > 1 ? -place : oncoming), y, back: ahead, moving: true)
    }
    for side: Float in [-1, 1] where (side < 0 ? ground.parkingLane.x : ground.parkingLane.y) > 0 {
      var y = random.draw(6...9)
      while y < min(120, ground.end - 12) {
        if random.chance(0.68), !inSideStreet(side, y, margin: 5), !nearCrossing(y) {
          addVehicle(side * (ground.roadHalf - 1.05), y, back: side > 0, moving: false)
        }
        y += 5.7
      }
    }
  }

  private func nearCrossing(_ y: Float) -> Bool {
    ground.crossings.contains { y > $0 - 5 && y < $0 + 6 }
  }

  private mutating func addVehicle(_ x: Float, _ y: Float, back: Bool, moving: Bool) {
    let body = moving && y > 24 && random.chance(0.08) ? .bus : random.pick(town.bodies)
    let length = body.profile[1].x
    let offset = x + random.draw(-0.15...0.15)
    guard take(offset, y, half: V2(body.width / 2 + 0.1, length + 0.35)) else { return }
    let stand = course.place(offset, y).turned((back ? 0 : 3.1415927) + random.draw(-0.02...0.02))
    let paint = random.vary(random.pick(town.paints), by: 0.15)
    let finish = CarFinish(
      paint: paint, lamps: moving ? domain.weather.lamps : 0, braking: moving && random.chance(0.35),
      seed: random.textureSeed())
    model.addCar(stand, body: body, finish: finish)
  }

  // MARK: People

  mutating func placePeople() {
    for i in 0..<Int(random.draw(town.cyclists).rounded()) { placeCyclist(first: i == 0) }
    for i in 0..<Int(random.draw(town.pedestrians).rounded()) { placePedestrian(first: i < 3) }
  }

  private mutating func placeCyclist(first: Bool) {
    for _ in 0..<12 {
      let side: Float = random.chance(0.65) ? 1 : -1
      let parking = side < 0 ? ground.parkingLane.x : ground.parkingLane.y
      let x = side * (ground.roadHalf - parking - random.draw(0.55...1.1))
      let y = first ? max(6.5, seen(x)) + random.draw(0...8) : random.draw(9...40)
      guard take(x, y, half: V2(0.35, 1)) else { continue }
      let clothing = Clothing(town: town, using: &random)
      let turn = (side > 0 ? 0 : 3.1415927) + random.draw(-0.35...0.35)
      let paints = [tone(0.7, 0.12, 0.1), tone(0.1, 0.2, 0.5), tone(0.15, 0.15, 0.15), tone(0.2, 0.5, 0.4)]
      model.addCyclist(
        course.place(x, y).turned(turn), phase: random.pick([-1, 1]) * random.draw(0.4...1),
        wearing: clothing,
        frame: random.pick(paints))
      return
    }
  }

  private mutating func placePedestrian(first: Bool) {
    for _ in 0..<6 {
      let crossing = ground.crossings.first.map { $0 < 30 && random.chance(0.35) } ?? random.chance(0.05)
      let side: Float = random.chance(0.55) ? 1 : -1
      let pavement = side < 0 ? ground.pavements.x : ground.pavements.y
      var x = side * (ground.roadHalf + random.draw(0.5...max(0.8, pavement - 0.4)))
      var y = first ? max(7, seen(x)) + random.draw(0...6) : random.draw(10...50)
      var heading: Float = random.chance(0.5) ? 0 : 3.1415927
      if crossing {
        x = random.draw(-ground.roadHalf...ground.roadHalf)
        y = ground.crossings.first.map { $0 + random.draw(0.5...2.7) } ?? random.draw(9...25)
        heading += 1.5707963
      }
      guard take(x, y, half: V2(0.35, 0.4)) else { continue }
      let clothing = Clothing(town: town, using: &random)
      let tall = random.chance(0.1) ? random.draw(1.1...1.4) : random.draw(1.58...1.9)
      model.addPerson(
        course.place(x, y).turned(heading + random.draw(-0.4...0.4)), height: tall,
        phase: random.draw(-1...1), wearing: clothing)
      return
    }
  }
}
