// SPDX-License-Identifier: Apache-2.0

import Files

/// The head of traffic lights: which of its lamps is lit, from below, and how it looks.
struct SignalLight {
  var lit: Int
  var lamps: Float
  var housing = tone(0.12, 0.12, 0.12)
  var size: Float = 1
}

extension Model {
  /// A lamp post with an arm over the road; `arm` is the signed reach to the right.
  mutating func addLampPost(_ stand: Stand, height: Float, arm: Float, lamps: Float, colour: V3) {
    let top = stand.at(0, 0, height)
    rods.append(
      Rod(a: stand.at(0, 0, 0.1), b: top, radiusA: 0.11, radiusB: 0.06, colour: colour, label: .pole))
    addRod(stand.at(0, 0, 0.12), stand.at(0, 0, 0.9), 0.15, colour * 0.85, .pole)
    let end = stand.at(arm, 0, height + 0.35)
    addRod(top, end, 0.05, colour, .pole)
    let head = Rod(
      a: end, b: stand.at(arm * 1.4, 0, height + 0.36), radiusA: 0.09, radiusB: 0.13,
      colour: lamps > 0 ? V3(1, 0.75, 0.42) : tone(0.7, 0.7, 0.7), label: .pole, emission: lamps * 3)
    rods.append(head)
    guard lamps > 0 else { return }
    let centre = stand.at(arm * 1.4, 0, 0)
    spots.append(
      Spot(centre: centre, along: stand.right * 6.5, across: stand.forward * 8, strength: lamps * 0.55))
  }

  /// A sign on its own post, facing back along the street.
  mutating func addSign(_ stand: Stand, face: SignFace, size: Float, height: Float, seed: UInt32) {
    addRod(stand.origin, stand.at(0, 0, height + size), 0.042, tone(0.6, 0.61, 0.62), .pole)
    addPlate(stand, face: face, size: size, centre: height, seed: seed)
  }

  /// The plate of a sign: its front, and a grey back.
  mutating func addPlate(_ stand: Stand, face: SignFace, size: Float, centre: Float, seed: UInt32) {
    let half = face == .direction ? V2(size * 1.7, size * 0.85) : V2(size, size)
    let middle = stand.at(0, -0.08, centre)
    let outline = SignFace.outline(face)
    let paint = add(Material(kind: .sign, base: .zero, size: half, detail: face.rawValue, seed: seed))
    let front = Plane(middle: middle, right: stand.right * half.x, up: V3(0, 0, half.y))
    addShape(outline, on: front, paint, .trafficSign)
    var back = front
    back.middle = stand.at(0, -0.05, centre)
    addShape(outline.reversed(), on: back, add(.plain(tone(0.5, 0.51, 0.52))), .trafficSign)
  }

  /// Adds a flat outline on a plane, with its texture measured in metres from the middle.
  mutating func addShape(_ outline: [V2], on plane: Plane, _ material: Int, _ label: StreetClass) {
    addFace(outline.map { plane.middle + plane.right * $0.x + plane.up * $0.y }, material, label)
    let last = faces.count - 1
    faces[last].origin = plane.middle
    faces[last].uAxis = normalised(plane.right)
    faces[last].vAxis = normalised(plane.up)
  }

  /// Traffic lights: a post with a dark box of three lamps towards the camera.
  mutating func addTrafficLight(_ stand: Stand, _ light: SignalLight, arm: Float) {
    let grey = tone(0.3, 0.31, 0.31)
    let height: Float = arm == 0 ? 2.5 : 5.2
    addRod(stand.origin, stand.at(0, 0, height + (arm == 0 ? 1.05 : 0.3)), 0.07, grey, .pole)
    if arm != 0 { addRod(stand.at(0, 0, height + 0.25), stand.at(arm, 0, height + 0.25), 0.06, grey, .pole) }
    addSignalHead(stand, x: arm, low: height, light)
    if arm != 0 { addSignalHead(stand, x: 0, low: 2.4, light) }
  }

  private mutating func addSignalHead(_ stand: Stand, x: Float, low: Float, _ light: SignalLight) {
    let (lit, lamps, size) = (light.lit, light.lamps, light.size)
    let black = add(.plain(light.housing))
    addBox(
      stand.box(x, -0.2, half: V2(0.22, 0.15) * size, low, low + 1.05 * size), black, .trafficLight)
    let colours = [tone(0.1, 0.95, 0.5), tone(1, 0.7, 0.1), tone(1, 0.12, 0.08)]
    for i in 0..<3 {
      let colour = i == lit ? colours[i] : colours[i] * 0.08
      let at = stand.at(x, -0.2 - 0.13 * size, low + (0.2 + 0.33 * Float(i)) * size)
      rods.append(
        Rod(
          a: at, b: at, radiusA: 0.13 * size, radiusB: 0.13 * size, colour: colour, label: .trafficLight,
          emission: i == lit ? 1 + lamps : 0, castsShadow: false))
    }
  }

  /// A bollard at the kerb.
  mutating func addBollard(_ stand: Stand, colour: V3) {
    addRod(stand.at(0, 0, 0.07), stand.at(0, 0, 0.85), 0.09, colour, .pole)
    addRod(stand.at(0, 0, 0.7), stand.at(0, 0, 0.76), 0.098, tone(0.85, 0.85, 0.85), .pole)
  }
}

extension SignFace {
  /// The outline, within the square of half size 1, anticlockwise.
  static func outline(_ face: SignFace) -> [V2] {
    switch face {
    case .prohibition, .mandatory:
      return (0..<18).map { V2(cosine(Float($0) * 0.349066), sine(Float($0) * 0.349066)) }
    case .stop:
      return [1, 3, 5, 7, 9, 11, 13, 15].map { V2(cosine(Float($0) * 0.392699), sine(Float($0) * 0.392699)) }
    case .warning: return [V2(-1, -0.75), V2(1, -0.75), V2(0, 1)]
    case .priority: return [V2(0, -1), V2(1, 0), V2(0, 1), V2(-1, 0)]
    case .direction, .parking: return [V2(-1, -1), V2(1, -1), V2(1, 1), V2(-1, 1)]
    }
  }
}
