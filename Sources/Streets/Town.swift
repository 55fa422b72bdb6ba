// SPDX-License-Identifier: Apache-2.0

/// How a domain's town looks and how much stands in its streets.
struct Town: Sendable {
  var walls: [Facade.Wall] = [.plaster, .plaster, .stone, .glass, .brick]
  var plasters = [
    tone(0.86, 0.8, 0.68), tone(0.8, 0.76, 0.72), tone(0.83, 0.7, 0.56), tone(0.72, 0.74, 0.74),
    tone(0.78, 0.6, 0.5),
    tone(0.9, 0.88, 0.84), tone(0.66, 0.7, 0.62),
  ]
  var bricks = [tone(0.6, 0.34, 0.26), tone(0.66, 0.45, 0.34)]
  var storeys = 4
  var shops = 0.6
  var leaves = [tone(0.3, 0.46, 0.16), tone(0.24, 0.4, 0.16), tone(0.4, 0.5, 0.2)]
  var grass = tone(0.36, 0.48, 0.2)
  var paints = [
    tone(0.86, 0.86, 0.86), tone(0.62, 0.64, 0.66), tone(0.12, 0.12, 0.13), tone(0.62, 0.1, 0.1),
    tone(0.14, 0.24, 0.5),
    tone(0.4, 0.42, 0.44), tone(0.78, 0.7, 0.56),
  ]
  var clothes = [
    tone(0.8, 0.2, 0.18), tone(0.2, 0.36, 0.66), tone(0.88, 0.88, 0.86), tone(0.2, 0.22, 0.24),
    tone(0.86, 0.66, 0.2),
    tone(0.3, 0.5, 0.36), tone(0.66, 0.4, 0.56),
  ]
  var coats = 0.2
  var asphalt = tone(0.42, 0.42, 0.43)
  var paving = tone(0.62, 0.6, 0.57)
  var markings = tone(0.88, 0.88, 0.86)
  var wear: ClosedRange<Float> = 0.1...0.5
  var cobbles = 0.0
  var roadHalf: ClosedRange<Float> = 3.4...4.6
  var poles = tone(0.45, 0.47, 0.47)
  /// How many are put into a scene, near and far.
  var pedestrians: ClosedRange<Float> = 5...11
  var cyclists: ClosedRange<Float> = 1...3
  var cars: ClosedRange<Float> = 3...6
  var parked = 0.6
  var trees = 0.55
  /// Chances of what a plot holds: terraced buildings, houses with gardens, parks; the rest building sites.
  var terraces = 0.55
  var gardens = 0.25
  var parks = 0.12
  var signs: [SignFace] = SignFace.allCases
  var bodies: [CarBody] = [.hatchback, .hatchback, .saloon, .saloon, .offroader, .van]
  var pavements: ClosedRange<Float> = 1.8...4.2
  /// What only some towns have.
  var extras: Extras?

  /// Things beyond those of every town. A town without them spends no random number on them.
  struct Extras: Sendable {
    /// Lanes each way; with more than one the middle line is double and of a colour of its own.
    var lanes = 1
    var middleLine = tone(0.88, 0.88, 0.86)
    /// Chance of a strip of grass between kerb and pavement, for each side, and its width.
    var verges = 0.5
    var vergeWidth: ClosedRange<Float> = 0.9...2.2
    /// Chance that a plot is enclosed by a wall, and what the walls are built of.
    var walls = 0.4
    var gardenWalls: [Facade.Wall] = [.plaster, .brick, .stone]
    /// Chance of traffic lights ahead, and of lights on an arm over the road.
    var signals = 0.6
    var signalArms = 0.4
    var signalHousing = tone(0.12, 0.12, 0.12)
    var signalSize: Float = 1.2
    /// Chances of large vehicles in a scene.
    var lorries = 0.4
    var pickups = 0.0
    var buses = 0.3
    var trams = 0.2
    var liveries = [tone(0.85, 0.7, 0.12)]
    /// How many stand at the kerb, and how many are ridden.
    var motorcycles: ClosedRange<Float> = 0...2
    var motorcyclists: ClosedRange<Float> = 0...2
    /// Chance of a row of parked bicycles on a side.
    var bicycleStands = 0.5
    /// Share of trees that are palms.
    var palms = 0.0
  }
}
