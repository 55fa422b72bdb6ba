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
    let places: [Stand]?
    if let across, take(0, across, half: V2(40, 1.8)) {
      places = placesAcross(at: across)
    } else {
      places = placesAlong()
    }
    guard let places else { return }
    model.addTram(
      front: places[0], rear: places[1].turned(3.1415927), finish: finish, stripe: stripe)
  }

  /// Where the front and the rear end of a tram stand that crosses the street.
  private mutating func placesAcross(at y: Float) -> [Stand] {
    ground.crossTrack = y
    let middle = course.place(0, y).origin + V3(random.draw(-9...9), 0, 0)
    return [7.2, -7.2].map { along in
      Stand(origin: middle + V3(along, 0, 0), right: V3(0, -1, 0), forward: V3(1, 0, 0))
    }
  }

  /// Where they stand on tracks along the street, if there is room.
  private mutating func placesAlong() -> [Stand]? {
    let track = ground.lanes > 1 ? laneX(0) : min(1.75, laneX)
    ground.tracks = [-track, track]
    // A tram ahead shows its end only; one that comes shows its side too.
    let side: Float = random.chance(0.25) ? 1 : -1
    let first: Float = side > 0 ? 31 : 24
    let y = random.draw(first...first + 15)
    guard y + 14 < ground.end, take(side * track, y, half: V2(1.4, 14.8)) else { return nil }
    return [7.2, -7.2].map { along in
      course.place(side * track, y + side * along).turned(side > 0 ? 0 : 3.1415927)
    }
  }

  /// The middle of a street that crosses this one.
  private func crossing() -> Float? {
    if let left = sideStreets[0], sideStreets[1] != nil { return (left.lowerBound + left.upperBound) / 2 }
    return ground.end < 200 ? ground.end + Ground.crossWidth / 2 : nil
  }
}
