// SPDX-License-Identifier: Apache-2.0

import Files

// What stands beyond the pavements: terraces, houses in gardens, parks, building sites and side streets.

extension Layout {
  private enum Plot { case terrace, garden, park, site }

  /// Lines one side of the street with plots until it is lost in the distance.
  mutating func placePlots(_ side: Float) {
    // One side has a fence near the camera, so that fences can be learnt from.
    let fenced = random.chance(0.72)
    let street = sideStreets[side < 0 ? 0 : 1]
    var y: Float = -8
    var streetDone = street == nil
    let last = min(175, ground.end - 8)
    while y < last {
      if let street, !streetDone, y >= street.lowerBound - 5 {
        placeSideStreet(side, from: y, street)
        y = street.upperBound
        streetDone = true
        continue
      }
      let limit = streetDone ? last + 8 : (street?.lowerBound ?? last + 8)
      let kind = fenced && y < 9 ? random.pick([Plot.garden, .garden, .park, .site]) : drawPlot()
      let length = kind == .terrace ? random.draw(9...19) : random.draw(13...26)
      let wanted = fenced && y < 9 ? max(y + length, 27) : y + length
      let end = limit - wanted < 6 ? limit : wanted
      place(kind, side, y, end, fenced: fenced && y < 16)
      y = end
    }
  }

  private mutating func drawPlot() -> Plot {
    let luck = random.unit()
    if luck < town.terraces { return .terrace }
    if luck < town.terraces + town.gardens { return .garden }
    return luck < town.terraces + town.gardens + town.parks ? .park : .site
  }

  private mutating func place(_ kind: Plot, _ side: Float, _ start: Float, _ end: Float, fenced: Bool) {
    let front = frontage(side)
    switch kind {
    case .terrace:
      let plot = BuildingPlot(side: side, front: front, start: start, end: end, depth: random.draw(9...14))
      model.addBuilding(plot, on: course, town: town, tall: true, using: &random)
    case .garden:
      cover(side, start, end, with: .grass)
      let setback = random.draw(3.5...7)
      let plot = BuildingPlot(
        side: side, front: front + setback, start: start + random.draw(1...3), end: end - random.draw(1...3),
        depth: random.draw(8...10))
      if end - start > 10 {
        model.addBuilding(plot, on: course, town: town, tall: random.chance(0.2), using: &random)
      }
      enclose(side, start, end, kinds: [.railing, .pickets, .pickets, .boards, .hedge], fenced: fenced)
      for _ in 0..<(1 + random.below(3)) {
        plantBeyond(side, start, end, 1.2...max(1.4, setback - 1), tall: false)
      }
      if random.chance(0.5) { plantBeyond(side, start, end, 1.5...max(1.8, setback - 1), tall: true) }
    case .park:
      cover(side, start, end, with: .grass)
      enclose(side, start, end, kinds: [.railing, .railing, .mesh, .hedge, .pickets], fenced: fenced)
      for _ in 0..<(2 + random.below(3)) { plantBeyond(side, start, end, 2...16, tall: true) }
      for _ in 0..<2 { plantBeyond(side, start, end, 1.5...10, tall: false) }
    case .site:
      enclose(side, start, end, kinds: [.boards, .mesh, .mesh], fenced: true)
      let plot = BuildingPlot(
        side: side, front: front + random.draw(6...10), start: start + 1, end: end - 1,
        depth: random.draw(10...16))
      model.addBuilding(plot, on: course, town: town, tall: true, using: &random)
    }
  }

  private mutating func enclose(_ side: Float, _ start: Float, _ end: Float, kinds: [FenceKind], fenced: Bool)
  {
    let walled = town.extras.flatMap { random.chance($0.walls) ? $0.gardenWalls : nil }
    var kind = random.pick(kinds)
    if fenced, kind == .hedge { kind = .railing }
    guard fenced || random.chance(0.8) else { return }
    let x = side * (frontage(side) + (walled == nil ? 0.1 : 0.25))
    let line = (0...max(1, Int((end - start) / 6))).map { i -> V3 in
      let share = Float(i) / Float(max(1, Int((end - start) / 6)))
      return course.place(x, mix(start + 0.2, end - 0.4, share)).origin
    }
    if let walled {
      model.addWall(WallStyle(walled, town: town, using: &random), along: line)
    } else {
      model.addFence(kind, along: line, using: &random)
    }
  }

  private mutating func plantBeyond(
    _ side: Float, _ start: Float, _ end: Float, _ reach: ClosedRange<Float>, tall: Bool
  ) {
    let y = random.draw(start + 1...max(start + 1.5, end - 1))
    let place = course.place(side * (frontage(side) + random.draw(reach)), y).origin
    guard y > 3 else { return }
    if tall {
      plant(place, height: random.draw(4.5...9))
    } else {
      model.addBush(at: place, size: random.draw(0.6...1.3), town: town, using: &random)
    }
  }

  /// The houses across the end of the street.
  mutating func placeHead() {
    let middle = course.place(0, ground.end).origin.x
    var x = middle - 70
    let front = ground.end + Ground.crossWidth + random.draw(2.5...5)
    while x < middle + 70 {
      let width = random.draw(10...22)
      if random.chance(0.85) {
        model.addBuilding(
          facingFrom: V3(x, front, 0), width: width, town: town, tall: random.chance(0.75), using: &random)
      } else {
        for _ in 0..<3 {
          let place = V3(random.draw(x...x + width), front + random.draw(1...9), 0)
          model.addTree(at: place, height: random.draw(6...10), town: town, using: &random)
        }
      }
      x += width
    }
  }

  /// The mouth of a side street, with a house along its far side.
  private mutating func placeSideStreet(_ side: Float, from start: Float, _ street: ClosedRange<Float>) {
    cover(side, start, street.lowerBound, with: .paved)
    cover(side, street.lowerBound, street.upperBound, with: .street)
    let reach = frontage(side) + 42
    let plot = BuildingPlot(
      side: side, front: reach, start: street.lowerBound - 14, end: street.upperBound + 10, depth: 10)
    model.addBuilding(plot, on: course, town: town, tall: true, using: &random)
    for _ in 0..<2 {
      let y = random.pick([street.lowerBound - 1, street.upperBound + 0.5])
      let place = course.place(side * (frontage(side) + random.draw(14...34)), y).origin
      model.addTree(at: place, height: random.draw(5...8), town: town, using: &random)
    }
  }
}
