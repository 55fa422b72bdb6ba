// SPDX-License-Identifier: Apache-2.0

import Files

/// Plans one street scene: what stands where. The camera is at the start, in the right-hand lane.
struct Layout {
  let domain: StreetDomain
  let course: Course
  var random: SeededGenerator
  var model = Model()
  var ground: Ground
  /// Where a side street meets each side (left, right), as its range along the street.
  var sideStreets: [ClosedRange<Float>?] = [nil, nil]
  /// Ground already taken: the middle and the half extents (x, y).
  private var taken: [SIMD4<Float>] = []

  var town: Town { domain.town }

  /// The lane that the camera is in, from the street's middle.
  private(set) var cameraLane = 0

  /// The middle of the camera's lane.
  var laneX: Float { laneX(cameraLane) }

  init(domain: StreetDomain, random: SeededGenerator) {
    var random = random
    let town = domain.town
    let bend = random.chance(0.3) ? 0 : random.draw(-0.003...0.003)
    let parking = V2(random.chance(town.parked) ? 2.1 : 0, random.chance(town.parked) ? 2.1 : 0)
    let metres = [Ground.Cover](repeating: .paved, count: Ground.metres)
    ground = Ground(
      roadHalf: random.draw(town.roadHalf) + max(parking.x, parking.y) * 0.85,
      pavements: V2(random.draw(town.pavements), random.draw(town.pavements)), bend: bend, left: metres,
      right: metres,
      end: 1000, crossings: [], parkingLane: parking, asphalt: random.vary(town.asphalt, by: 0.15),
      paving: random.vary(town.paving, by: 0.15), grass: town.grass, markings: town.markings,
      wear: random.draw(town.wear), cobbled: random.chance(town.cobbles), seed: random.textureSeed())
    course = Course(bend: bend)
    self.domain = domain
    self.random = random
    if self.random.chance(0.25) { ground.end = self.random.draw(55...110) }
    if let extras = town.extras { layExtras(extras) }
    placeJunction()
    for side: Float in [-1, 1] { placePlots(side) }
    if ground.end < 200 { placeHead() }
    if let extras = town.extras { placeLarge(extras) }
    placeFurniture()
    if let extras = town.extras { placeSmall(extras) }
    placeTraffic()
    placePeople()
  }

  /// The middle of a lane on the camera's side.
  func laneX(_ lane: Int) -> Float {
    (ground.roadHalf - ground.parkingLane.y) * (Float(lane) + 0.5) / Float(ground.lanes)
  }

  /// More lanes and strips of grass.
  private mutating func layExtras(_ extras: Town.Extras) {
    ground.lanes = extras.lanes
    ground.middleLine = extras.middleLine
    cameraLane = random.below(extras.lanes)
    if random.chance(extras.verges) { ground.verges.x = random.draw(extras.vergeWidth) }
    if random.chance(extras.verges) { ground.verges.y = random.draw(extras.vergeWidth) }
    ground.pavements += ground.verges
  }

  private mutating func placeJunction() {
    guard random.chance(0.55) else {
      if random.chance(0.35) { ground.crossings = [random.draw(9...30)] }
      return
    }
    let start = random.draw(22...58)
    let range = start...(start + random.draw(6.5...10))
    let which = random.below(3)
    if which != 0 { sideStreets[0] = range }
    if which != 1 { sideStreets[1] = range }
    if random.chance(0.7) { ground.crossings = [start - 5.5] }
  }

  /// Notes the cover of a stretch beyond a side's pavement.
  mutating func cover(_ side: Float, _ start: Float, _ end: Float, with cover: Ground.Cover) {
    let first = max(0, Int(start.rounded()) - Ground.firstMetre)
    let last = min(Ground.metres, Int(end.rounded()) - Ground.firstMetre)
    guard first < last else { return }
    for i in first..<last {
      if side < 0 { ground.left[i] = cover } else { ground.right[i] = cover }
    }
  }

  /// The far edge of a side's pavement, as a distance from the street's middle.
  func frontage(_ side: Float) -> Float {
    ground.roadHalf + (side < 0 ? ground.pavements.x : ground.pavements.y)
  }

  /// Whether a place along a side lies in the mouth of a side street.
  func inSideStreet(_ side: Float, _ y: Float, margin: Float = 1) -> Bool {
    guard let range = sideStreets[side < 0 ? 0 : 1] else { return false }
    return y > range.lowerBound - margin && y < range.upperBound + margin
  }

  /// The distance along the street from which a thing at `x` is well within the camera's view.
  func seen(_ x: Float) -> Float {
    let half = domain.lens.fieldOfView.lowerBound * 0.5 * 0.017453293
    return 2 + (x - laneX).magnitude * cosine(half) / sine(half) * 1.15
  }

  /// Takes a rectangle of ground if it is free.
  mutating func take(_ x: Float, _ y: Float, half: V2) -> Bool {
    for other in taken
    where (other.x - x).magnitude < other.z + half.x && (other.y - y).magnitude < other.w + half.y {
      return false
    }
    taken.append(SIMD4(x, y, half.x, half.y))
    return true
  }
}
