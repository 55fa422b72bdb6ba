// SPDX-License-Identifier: Apache-2.0

import Files

/// What a garden or retaining wall is built of.
struct WallStyle {
  var stone: Facade.Wall
  var colour: V3
  var height: Float
  var seed: UInt32

  init(_ stones: [Facade.Wall], town: Town, using random: inout SeededGenerator) {
    stone = random.pick(stones)
    let palette = stone == .brick ? town.bricks : town.plasters
    colour = random.vary(random.pick(palette) * 0.8, by: 0.25)
    height = random.draw(0.9...2.4)
    seed = random.textureSeed()
  }
}

extension Model {
  /// Builds a wall with a coping along a line of ground points.
  mutating func addWall(_ style: WallStyle, along line: [V3]) {
    let coping = add(.plain(mix(style.colour, V3(repeating: 0.35), 0.6)))
    for (a, b) in zip(line, line.dropFirst()) {
      let run = b - a
      let length = dot(run, run).squareRoot()
      let (along, across) = (run / 2, normalised(cross(V3(0, 0, 1), run)))
      var facade = Facade(
        wall: style.stone, ground: .home, colour: style.colour, trim: style.colour, sign: style.colour,
        width: length, height: style.height, groundHeight: 0, storey: 1, bay: 1, window: V2(0.5, 0.5),
        litShare: 0, seed: style.seed)
      facade.blind = true
      let stones = addFacade(facade)
      addBox(
        Box(base: (a + b) / 2, along: along, across: across * 0.15, height: style.height), stones, .wall,
        shadow: true)
      let top = (a + b) / 2 + V3(0, 0, style.height)
      addBox(Box(base: top, along: along * 1.01, across: across * 0.2, height: 0.09), coping, .wall)
    }
  }
}
