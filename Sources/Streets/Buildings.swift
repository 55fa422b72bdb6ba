// SPDX-License-Identifier: Apache-2.0

import Files

/// Where a building stands: on one side of the street, from `start` to `end` along it.
struct BuildingPlot {
  /// -1 left, 1 right.
  var side: Float
  /// Distance of the front from the street's middle, in metres.
  var front: Float
  var start: Float
  var end: Float
  var depth: Float
}

extension Model {
  /// Builds a house of several storeys on a plot.
  mutating func addBuilding(
    _ plot: BuildingPlot, on course: Course, town: Town, tall: Bool, using random: inout SeededGenerator
  ) {
    let facade = Facade(town: town, tall: tall, width: plot.end - plot.start, using: &random)
    addShell(Model.corners(plot, course), facade, tall: tall, using: &random)
    if !tall || random.chance(0.3) { addBay(plot, course, facade, using: &random) }
  }

  /// Builds a house that faces down the street, across its end.
  mutating func addBuilding(
    facingFrom left: V3, width: Float, town: Town, tall: Bool, using random: inout SeededGenerator
  ) {
    let facade = Facade(town: town, tall: tall, width: width, using: &random)
    let (right, back) = (V3(width, 0, 0), V3(0, 11, 0))
    let corners = [left, left + right, left + right + back, left + back]
    addShell(corners, facade, tall: tall, using: &random)
  }

  /// The walls and the roof on four ground corners, anticlockwise from above, the front edge first.
  private mutating func addShell(
    _ corners: [V3], _ facade: Facade, tall: Bool, using random: inout SeededGenerator
  ) {
    let height = V3(0, 0, facade.height)
    let front = addFacade(facade)
    var gableFacade = facade
    gableFacade.blind = random.chance(0.35)
    let depth = corners[2] - corners[1]
    gableFacade.width = dot(depth, depth).squareRoot()
    let gable = addFacade(gableFacade)
    for i in 0..<4 {
      let (p, q) = (corners[i], corners[(i + 1) % 4])
      addFace([p, q, q + height, p + height], i == 0 ? front : gable, .building, shadow: true)
    }
    if !tall || random.chance(0.45) {
      addPitchedRoof(corners, facade: facade, using: &random)
    } else {
      addFlatRoof(corners, facade: facade, using: &random)
    }
  }

  mutating func addFacade(_ facade: Facade) -> Int {
    facades.append(facade)
    return add(Material(kind: .facade, base: facade.colour, detail: facades.count - 1))
  }

  /// The ground corners, anticlockwise from above, the front edge first.
  private static func corners(_ plot: BuildingPlot, _ course: Course) -> [V3] {
    let (near, far) = (plot.side * plot.front, plot.side * (plot.front + plot.depth))
    let a = course.place(near, plot.start).origin
    let b = course.place(near, plot.end).origin
    let c = course.place(far, plot.end).origin
    let d = course.place(far, plot.start).origin
    return plot.side > 0 ? [b, a, d, c] : [a, b, c, d]
  }

  private mutating func addPitchedRoof(
    _ c: [V3], facade: Facade, using random: inout SeededGenerator
  ) {
    let colours = [
      tone(0.52, 0.28, 0.2), tone(0.36, 0.33, 0.33), tone(0.44, 0.3, 0.24), tone(0.28, 0.29, 0.32),
    ]
    let roof = add(
      Material(kind: .tiles, base: random.vary(random.pick(colours), by: 0.15), seed: facade.seed))
    let up = V3(0, 0, facade.height)
    let rise = V3(0, 0, facade.height + random.draw(1.8...3.6))
    let (left, right) = ((c[0] + c[3]) / 2 + rise, (c[1] + c[2]) / 2 + rise)
    let out = normalised(c[0] - c[3]) * 0.35 - V3(0, 0, 0.12)
    addFace([c[0] + up + out, c[1] + up + out, right, left], roof, .building, shadow: true)
    addFace([c[2] + up - out, c[3] + up - out, left, right], roof, .building, shadow: true)
    var bare = facade
    bare.blind = true
    let end = addFacade(bare)
    addFace([c[1] + up, c[2] + up, right], end, .building)
    addFace([c[3] + up, c[0] + up, left], end, .building)
    let stack = add(.plain(tone(0.5, 0.34, 0.28)))
    for _ in 0..<random.below(3) {
      let middle = mix(left, right, random.draw(0.1...0.9))
      let (a, b) = (V3(0.45, 0, 0), V3(0, 0.35, 0))
      addBox(Box(base: middle - V3(0, 0, 0.8), along: a, across: b, height: 1.9), stack, .building)
    }
  }

  private mutating func addFlatRoof(
    _ c: [V3], facade: Facade, using random: inout SeededGenerator
  ) {
    let up = V3(0, 0, facade.height)
    let material = add(.plain(facade.trim * 0.7))
    addFace(c.map { $0 + up }, material, .building, shadow: true)
    let middle = (c[0] + c[1] + c[2] + c[3]) / 4 + up
    for _ in 0..<(1 + random.below(2)) {
      let at = middle + V3(random.draw(-2...2), random.draw(-3...3), 0)
      let (a, b) = (V3(random.draw(0.8...2), 0, 0), V3(0, random.draw(0.8...2), 0))
      addBox(Box(base: at, along: a, across: b, height: random.draw(1...2.6)), material, .building)
    }
  }

  /// Balconies before the front: they break up its flatness.
  private mutating func addBay(
    _ plot: BuildingPlot, _ course: Course, _ facade: Facade, using random: inout SeededGenerator
  ) {
    let slab = add(.plain(facade.trim))
    let rail = add(Material(kind: .plain, base: facade.trim * 0.55))
    let at = random.draw(plot.start + 2...max(plot.start + 2.5, plot.end - 2))
    var level = facade.groundHeight
    while level < facade.height - facade.storey {
      let stand = course.place(plot.side * (plot.front - 0.5), at)
      addBox(stand.box(0, 0, half: V2(0.5, 1.3), level - 0.15, level), slab, .building)
      addBox(stand.box(-plot.side * 0.45, 0, half: V2(0.04, 1.3), level, level + 0.95), rail, .building)
      level += facade.storey
    }
  }
}

extension Facade {
  /// A front in the manner of a town.
  init(town: Town, tall: Bool, width: Float, using random: inout SeededGenerator) {
    let wall = random.pick(town.walls)
    let palette = wall == .brick ? town.bricks : town.plasters
    let storey = random.draw(2.8...3.5)
    let groundHeight = tall ? random.draw(3.4...4.4) : random.draw(2.7...3.1)
    let storeys = tall ? 2 + random.below(town.storeys) : 1 + random.below(2)
    let colour = random.vary(random.pick(palette), by: 0.2)
    let bold = [
      tone(0.7, 0.15, 0.14), tone(0.12, 0.3, 0.5), tone(0.1, 0.4, 0.28), tone(0.85, 0.65, 0.2),
      tone(0.2, 0.2, 0.22),
      tone(0.45, 0.2, 0.42), tone(0.8, 0.8, 0.78),
    ]
    self.init(
      wall: wall, ground: tall ? (random.chance(town.shops) ? .shop : .office) : .home,
      colour: wall == .glass ? colour * 0.5 : colour,
      trim: random.chance(0.6) ? tone(0.8, 0.78, 0.74) : colour * 0.6,
      sign: random.vary(random.pick(bold), by: 0.15), width: width,
      height: groundHeight + Float(storeys) * storey + 0.5, groundHeight: groundHeight, storey: storey,
      bay: random.draw(2.0...3.4),
      window: wall == .glass ? V2(0.94, 0.86) : V2(random.draw(0.36...0.6), random.draw(0.48...0.66)),
      litShare: random.draw(0.25...0.6), seed: random.textureSeed())
  }
}
