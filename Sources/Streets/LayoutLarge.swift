// SPDX-License-Identifier: Apache-2.0

import Files

// Trams, lorries and buses: they take their room before smaller things do.

extension Layout {
  private enum Large {
    case lorry, pickup, bus

    var body: CarBody {
      switch self {
      case .lorry: .lorry
      case .pickup: .pickup
      case .bus: .bus
      }
    }
  }

  mutating func placeLarge(_ extras: Town.Extras) {
    if random.chance(extras.trams) { placeTram(extras) }
    if random.chance(extras.lorries) { placeLarge(.lorry, extras) }
    if random.chance(extras.buses) { placeLarge(.bus, extras) }
    if random.chance(extras.pickups) { placeLarge(.pickup, extras) }
  }

  /// Puts a large vehicle onto the carriageway, or to the kerb where there is a lane to park in.
  private mutating func placeLarge(_ kind: Large, _ extras: Town.Extras) {
    let body = kind.body
    let half = V2(body.width / 2 + 0.1, body.profile[1].x + 0.5)
    for _ in 0..<6 {
      let ahead = random.chance(0.5)
      let parking = ahead ? ground.parkingLane.y : ground.parkingLane.x
      let parked = kind != .bus && parking > 0 && random.chance(0.4)
      let lane = laneX(random.below(ground.lanes))
      let inset = parked ? ground.roadHalf - body.width / 2 - 0.15 : lane
      let x = ahead ? inset : -inset
      let first = max(10 + half.y, seen(x) * 0.8 + (ahead ? half.y : 0))
      let y = random.draw(first...first + 18)
      guard y < ground.end - 3, !parked || !inSideStreet(x, y, margin: 6), take(x, y, half: half) else {
        continue
      }
      let stand = course.place(x, y).turned((ahead ? 0 : 3.1415927) + random.draw(-0.02...0.02))
      let livery = random.vary(random.pick(kind == .bus ? extras.liveries : town.paints), by: 0.12)
      let finish = CarFinish(
        paint: livery, lamps: parked ? 0 : domain.weather.lamps, braking: !parked && random.chance(0.4),
        seed: random.textureSeed())
      build(kind, at: stand, finish)
      return
    }
  }

  private mutating func build(_ kind: Large, at stand: Stand, _ finish: CarFinish) {
    let loads = [tone(0.9, 0.9, 0.88), tone(0.85, 0.84, 0.8), tone(0.2, 0.35, 0.6), tone(0.75, 0.3, 0.15)]
    switch kind {
    case .bus: model.addCar(stand, body: .bus, finish: finish)
    case .lorry:
      model.addLorry(stand, finish: finish, load: random.vary(random.pick(loads), by: 0.1), using: &random)
    case .pickup:
      model.addPickup(stand, finish: finish, load: random.chance(0.4) ? random.pick(loads) * 0.6 : nil)
    }
  }

  /// Lays tracks and puts a tram on them: across the street where another meets it, or along.
  private mutating func placeTram(_ extras: Town.Extras) {
    let livery = random.pick(extras.liveries)
    let finish = CarFinish(
      paint: livery, lamps: domain.weather.lamps, braking: false, seed: random.textureSeed())
    let stripe = random.pick([tone(0.9, 0.9, 0.88), tone(0.15, 0.16, 0.2), livery * 0.4])
    let across = random.chance(0.4) ? crossing() : nil
    if let across, take(0, across, half: V2(40, 1.8)) {
      ground.crossTrack = across
      let x = random.draw(-9...9)
      let middle = Stand(origin: course.place(x, across).origin, right: V3(0, -1, 0), forward: V3(1, 0, 0))
      let ends = [V2(7.2, 0), V2(-7.2, 3.1415927)].map {
        Stand(origin: middle.at(0, $0.x, 0), right: middle.right, forward: middle.forward).turned($0.y)
      }
      model.addTram(front: ends[0], rear: ends[1], finish: finish, stripe: stripe)
      return
    }
    let track = ground.lanes > 1 ? laneX(0) : min(1.75, laneX)
    ground.tracks = [-track, track]
    // A tram ahead shows its end only; one that comes shows its side too.
    let side: Float = random.chance(0.25) ? 1 : -1
    let first: Float = side > 0 ? 26 : 19
    let y = random.draw(first + 5...first + 20)
    guard y + 14 < ground.end, take(side * track, y, half: V2(1.4, 14.8)) else { return }
    let heading: Float = side > 0 ? 0 : 3.1415927
    let (front, rear) = (
      course.place(side * track, y + side * 7.2), course.place(side * track, y - side * 7.2)
    )
    model.addTram(
      front: front.turned(heading), rear: rear.turned(heading + 3.1415927), finish: finish, stripe: stripe)
  }

  /// The middle of a street that crosses this one.
  private func crossing() -> Float? {
    if let left = sideStreets[0], sideStreets[1] != nil { return (left.lowerBound + left.upperBound) / 2 }
    return ground.end < 200 ? ground.end + Ground.crossWidth / 2 : nil
  }
}
