// SPDX-License-Identifier: Apache-2.0

/// The outline of a vehicle: its side view, in metres from the middle of the wheelbase; forward is positive.
struct CarBody {
  /// The lower body seen from the right: convex, anticlockwise from the lower rear corner (forward, up).
  var profile: [V2]
  /// The cabin: forward positions of its foot and its roof (rear, front), and the heights of both.
  var foot: V2
  var roof: V2
  var belt: Float
  var top: Float
  var width: Float
  /// How far the roof stands in from the foot on each side.
  var taper: Float
  var axles: V2
  var wheel: Float

  /// The strips of the profile that carry the front and rear lamps: the edge that starts at this corner.
  var frontEdge: Int
  var rearEdge: Int

  var kind = StreetClass.car
  /// The windows of each side: from where to where along it, as shares.
  var panes = [V2(0.05, 0.34), V2(0.37, 0.63), V2(0.66, 0.95)]

  static let hatchback = CarBody(
    profile: [
      V2(-1.9, 0.3), V2(1.9, 0.24), V2(2.0, 0.5), V2(1.93, 0.72), V2(1.0, 0.93), V2(-1.85, 0.98),
      V2(-1.98, 0.66),
    ],
    foot: V2(-1.84, 1.1), roof: V2(-1.35, 0.2), belt: 0.94, top: 1.48, width: 1.76, taper: 0.16,
    axles: V2(-1.24, 1.27), wheel: 0.31, frontEdge: 2, rearEdge: 5)

  static let saloon = CarBody(
    profile: [
      V2(-2.2, 0.32), V2(2.2, 0.25), V2(2.32, 0.52), V2(2.22, 0.72), V2(1.05, 0.9), V2(-1.7, 0.97),
      V2(-2.28, 0.9),
      V2(-2.32, 0.6),
    ],
    foot: V2(-1.75, 1.15), roof: V2(-0.95, 0.25), belt: 0.93, top: 1.43, width: 1.8, taper: 0.2,
    axles: V2(-1.38, 1.42), wheel: 0.32, frontEdge: 2, rearEdge: 6)

  static let offroader = CarBody(
    profile: [
      V2(-2.2, 0.42), V2(2.15, 0.36), V2(2.25, 0.65), V2(2.2, 0.95), V2(1.1, 1.12), V2(-2.15, 1.14),
      V2(-2.25, 0.8),
    ],
    foot: V2(-2.14, 1.2), roof: V2(-1.85, 0.35), belt: 1.11, top: 1.72, width: 1.88, taper: 0.15,
    axles: V2(-1.4, 1.4), wheel: 0.37, frontEdge: 2, rearEdge: 5)

  static let van = CarBody(
    profile: [
      V2(-2.5, 0.38), V2(2.35, 0.3), V2(2.5, 0.6), V2(2.42, 0.98), V2(1.9, 1.2), V2(-2.52, 1.22),
      V2(-2.54, 0.8),
    ],
    foot: V2(-2.52, 1.95), roof: V2(-2.46, 1.15), belt: 1.18, top: 2.15, width: 1.95, taper: 0.1,
    axles: V2(-1.6, 1.7), wheel: 0.34, frontEdge: 2, rearEdge: 5, panes: [V2(0.78, 0.97)])

  static let coupe = CarBody(
    profile: [
      V2(-2.3, 0.3), V2(2.3, 0.22), V2(2.42, 0.45), V2(2.32, 0.66), V2(0.75, 0.88), V2(-1.9, 0.95),
      V2(-2.38, 0.8),
    ],
    foot: V2(-1.7, 0.85), roof: V2(-0.75, -0.05), belt: 0.9, top: 1.3, width: 1.92, taper: 0.24,
    axles: V2(-1.42, 1.5), wheel: 0.34, frontEdge: 2, rearEdge: 5, panes: [V2(0.2, 0.92)])

  static let limousine = CarBody(
    profile: [
      V2(-2.6, 0.34), V2(2.6, 0.28), V2(2.7, 0.56), V2(2.62, 0.8), V2(1.15, 0.96), V2(-1.6, 1.02),
      V2(-2.66, 0.94), V2(-2.7, 0.6),
    ],
    foot: V2(-1.7, 1.2), roof: V2(-1.15, 0.4), belt: 0.98, top: 1.46, width: 1.96, taper: 0.18,
    axles: V2(-1.6, 1.6), wheel: 0.34, frontEdge: 2, rearEdge: 6)

  static let estate = CarBody(
    profile: [
      V2(-2.25, 0.32), V2(2.15, 0.25), V2(2.28, 0.52), V2(2.18, 0.74), V2(1.1, 0.94), V2(-2.2, 1.0),
      V2(-2.32, 0.68),
    ],
    foot: V2(-2.2, 1.2), roof: V2(-1.9, 0.3), belt: 0.96, top: 1.5, width: 1.8, taper: 0.15,
    axles: V2(-1.36, 1.38), wheel: 0.32, frontEdge: 2, rearEdge: 5)

  static let bus = CarBody(
    profile: [
      V2(-5.4, 0.4), V2(5.4, 0.4), V2(5.5, 0.8), V2(5.48, 1.25), V2(-5.5, 1.25), V2(-5.5, 0.8),
    ],
    foot: V2(-5.5, 5.48), roof: V2(-5.45, 5.3), belt: 1.22, top: 2.95, width: 2.5, taper: 0.04,
    axles: V2(-3.1, 3), wheel: 0.5, frontEdge: 2, rearEdge: 4, kind: .bus)

  /// A strip of the body between two neighbouring corners of the profile, and half its width.
  struct Strip {
    var start: V2
    var end: V2
    var half: Float
  }

  /// The strip that starts at a corner of the profile.
  func strip(_ corner: Int) -> Strip {
    let count = profile.count
    return Strip(start: profile[corner % count], end: profile[(corner + 1) % count], half: width / 2 - 0.06)
  }
}
