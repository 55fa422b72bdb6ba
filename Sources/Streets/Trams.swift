// SPDX-License-Identifier: Apache-2.0

import Files

extension CarBody {
  /// One end of a tram, its front forward; two of them back to back are a tram.
  static let tram = CarBody(
    profile: [
      V2(-7, 0.25), V2(6.5, 0.25), V2(6.9, 0.55), V2(6.85, 1.3), V2(-7, 1.3), V2(-7, 0.8),
    ],
    foot: V2(-7, 6.82), roof: V2(-7, 6.2), belt: 1.27, top: 3.2, width: 2.45, taper: 0.1,
    axles: V2(-4.4, 4.2), wheel: 0.3, frontEdge: 2, rearEdge: 4, kind: .train,
    panes: (0..<6).map { V2(0.03 + 0.158 * Float($0), 0.16 + 0.158 * Float($0)) })
}

extension Model {
  /// A tram of two ends, each heading away from the other.
  mutating func addTram(front: Stand, rear: Stand, finish: CarFinish, stripe: V3) {
    addInstance(.train) { model in
      for s in [front, rear] {
        model.addCar(s, body: .tram, finish: finish)
        model.addTramTrim(s, stripe)
      }
      let joint = model.add(.plain(V3(repeating: 0.02)))
      let forward = front.origin - rear.origin
      let reach = dot(forward, forward).squareRoot() / 2 - 6.9
      let middle = Stand(origin: (front.origin + rear.origin) / 2, right: front.right, forward: front.forward)
      model.addBox(middle.box(0, 0, half: V2(1.08, reach), 0.4, 3.1), joint, .train, shadow: true)
    }
  }

  /// The band below the windows, the roof's boxes, doors and the current collector.
  private mutating func addTramTrim(_ s: Stand, _ stripe: V3) {
    let (band, grey, dark) = (
      add(.plain(stripe)), add(.plain(tone(0.55, 0.56, 0.57))), add(.plain(tone(0.12, 0.12, 0.14)))
    )
    addBox(s.box(0, -0.1, half: V2(1.245, 6.7), 0.62, 0.95), band, .train)
    addBox(s.box(0, 6.88, half: V2(0.95, 0.02), 0.75, 1.0), band, .train)
    addBox(s.box(0, -1, half: V2(0.85, 2), 3.18, 3.5), grey, .train, shadow: true)
    addBox(s.box(0, 6.28, half: V2(0.7, 0.06), 2.85, 3.12), dark, .train)
    for y: Float in [-4.6, 0.4, 4.6] {
      addBox(s.box(0, y, half: V2(1.236, 0.6), 0.4, 1.28), dark, .train)
    }
    for x: Float in [-0.5, 0.5] {
      addRod(s.at(x, -4, 3.2), s.at(x * 0.8, -3, 4.1), 0.03, tone(0.3, 0.3, 0.3), .train)
      addRod(s.at(x * 0.8, -3, 4.1), s.at(x * 0.8, -4, 4.9), 0.03, tone(0.3, 0.3, 0.3), .train)
    }
    addRod(s.at(-0.7, -4, 4.9), s.at(0.7, -4, 4.9), 0.035, tone(0.3, 0.3, 0.3), .train)
  }
}
