// SPDX-License-Identifier: Apache-2.0

import Files

/// The kinds of enclosure along a pavement.
enum FenceKind: CaseIterable { case railing, pickets, boards, mesh, hedge }

extension Model {
  /// Puts up a fence along a line of ground points.
  mutating func addFence(_ kind: FenceKind, along line: [V3], using random: inout SeededGenerator) {
    let (height, material) = Model.fenceMaterial(kind, using: &random)
    let index = add(material)
    for (a, b) in zip(line, line.dropFirst()) {
      let corners = [a, b, b + V3(0, 0, height), a + V3(0, 0, height)]
      guard kind == .hedge else {
        addFace(corners, index, .fence, twoSided: true, shadow: kind == .boards)
        continue
      }
      let out = normalised(cross(b - a, V3(0, 0, 1))) * 0.35
      addFace([a + out, b + out, corners[2] + out, corners[3] + out], index, .vegetation, twoSided: true)
      addFace(
        [a - out, b - out, corners[2] - out, corners[3] - out], index, .vegetation, twoSided: true,
        shadow: true)
      addFace(
        [corners[3] + out, corners[2] + out, corners[2] - out, corners[3] - out], index, .vegetation,
        twoSided: true
      )
      addFace([a - out, a + out, corners[3] + out, corners[3] - out], index, .vegetation, twoSided: true)
    }
  }

  private static func fenceMaterial(
    _ kind: FenceKind, using random: inout SeededGenerator
  ) -> (height: Float, material: Material) {
    let seed = random.textureSeed()
    switch kind {
    case .railing:
      let height = random.draw(1.1...1.6)
      let paints = [tone(0.14, 0.15, 0.16), tone(0.1, 0.24, 0.17), tone(0.42, 0.43, 0.45)]
      return (
        height,
        Material(
          kind: .bars, base: random.pick(paints), accent: V3(0.13, 0.34, 0), size: V2(1, height), seed: seed)
      )
    case .pickets:
      let height = random.draw(0.95...1.35)
      let paints = [tone(0.86, 0.86, 0.84), tone(0.55, 0.42, 0.3), tone(0.42, 0.3, 0.2)]
      return (
        height,
        Material(
          kind: .bars, base: random.pick(paints), accent: V3(0.15, 0.68, 0), size: V2(1, height), seed: seed)
      )
    case .boards:
      let height = random.draw(1.5...2.1)
      let stains = [tone(0.56, 0.42, 0.29), tone(0.44, 0.36, 0.3), tone(0.5, 0.5, 0.48)]
      return (height, Material(kind: .boards, base: random.pick(stains), size: V2(1, height), seed: seed))
    case .mesh:
      let height = random.draw(1.6...2.3)
      return (height, Material(kind: .mesh, base: tone(0.5, 0.53, 0.52), size: V2(1, height), seed: seed))
    case .hedge:
      let green = random.vary(tone(0.2, 0.34, 0.14), by: 0.2)
      return (random.draw(1.0...1.7), Material(kind: .hedge, base: green, seed: seed))
    }
  }
}
