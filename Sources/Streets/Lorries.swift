// SPDX-License-Identifier: Apache-2.0

import Files

extension CarBody {
  /// The chassis and cab of a box lorry; its load is a box of its own.
  static let lorry = CarBody(
    profile: [
      V2(-3.9, 0.5), V2(3.55, 0.4), V2(3.7, 0.75), V2(3.66, 1.3), V2(-3.9, 1.05), V2(-3.92, 0.8),
    ],
    foot: V2(1.75, 3.64), roof: V2(1.85, 3.3), belt: 1.27, top: 2.75, width: 2.3, taper: 0.1,
    axles: V2(-2.3, 2.6), wheel: 0.48, frontEdge: 2, rearEdge: 4, kind: .truck, panes: [V2(0.3, 0.9)])

  /// A pick-up: a short cab before an open bed.
  static let pickup = CarBody(
    profile: [
      V2(-2.6, 0.46), V2(2.5, 0.38), V2(2.62, 0.7), V2(2.55, 1.0), V2(1.3, 1.14), V2(-2.6, 1.12),
      V2(-2.68, 0.8),
    ],
    foot: V2(-0.75, 1.35), roof: V2(-0.6, 0.7), belt: 1.1, top: 1.8, width: 1.98, taper: 0.15,
    axles: V2(-1.65, 1.65), wheel: 0.4, frontEdge: 2, rearEdge: 5, kind: .truck,
    panes: [V2(0.05, 0.5), V2(0.54, 0.95)])
}

extension Model {
  /// A lorry with a closed box, an open tipper or a tank behind its cab.
  mutating func addLorry(_ s: Stand, finish: CarFinish, load: V3, using random: inout SeededGenerator) {
    let (kind, height) = (random.below(3), random.draw(2.9...3.6))
    addCar(s, body: .lorry, finish: finish) { model in
      let paint = model.add(.plain(load))
      switch kind {
      case 0: model.addBox(s.box(0, -1.15, half: V2(1.2, 2.75), 1.08, 1.9), paint, .truck, shadow: true)
      default:
        model.addBox(s.box(0, -1.15, half: V2(1.24, 2.75), 1.08, height), paint, .truck, shadow: true)
        model.addRearDoors(s, top: height, finish)
      }
      let dark = model.add(.plain(V3(repeating: 0.015)))
      model.addBox(s.box(0, -3.93, half: V2(1.1, 0.05), 0.45, 0.65), dark, .truck)
      model.addBox(s.box(0, -0.2, half: V2(1.05, 1.1), 0.5, 0.95), dark, .truck)
    }
  }

  /// The seams of a box's two doors, its bars, and the lamps below.
  private mutating func addRearDoors(_ s: Stand, top: Float, _ finish: CarFinish) {
    let (dark, grey) = (add(.plain(V3(repeating: 0.03))), add(.plain(tone(0.6, 0.61, 0.62))))
    let red = add(
      Material(kind: .lamp, base: tone(0.8, 0.05, 0.05), size: V2(finish.braking ? 1.8 : finish.lamps * 2, 0))
    )
    func patch(_ x: V2, _ z: V2, _ material: Int) {
      let y: Float = -3.925
      addFace(
        [s.at(x.x, y, z.x), s.at(x.y, y, z.x), s.at(x.y, y, z.y), s.at(x.x, y, z.y)], material, .truck)
    }
    patch(V2(-0.025, 0.025), V2(1.15, top - 0.1), dark)
    for x: Float in [-0.85, -0.3, 0.3, 0.85] { patch(V2(x - 0.025, x + 0.025), V2(1.15, top - 0.12), grey) }
    patch(V2(-1.15, 1.15), V2(top - 0.12, top - 0.04), dark)
    for side: Float in [-1, 1] { patch(V2(side * 1.0 - 0.14, side * 1.0 + 0.14), V2(0.84, 1.02), red) }
  }

  /// A pick-up with a dark bed, sometimes loaded.
  mutating func addPickup(_ s: Stand, finish: CarFinish, load: V3?) {
    addCar(s, body: .pickup, finish: finish) { model in
      let dark = model.add(.plain(V3(repeating: 0.02)))
      let bed = [(-0.85, -2.5), (0.85, -2.5), (0.85, -0.85), (-0.85, -0.85)] as [(Float, Float)]
      model.addFace(bed.map { s.at($0.0, $0.1, 1.14) }, dark, .truck)
      guard let load else { return }
      let crate = model.add(.plain(load))
      model.addBox(s.box(0.1, -1.7, half: V2(0.6, 0.6), 1.1, 1.65), crate, .truck, shadow: true)
    }
  }
}
