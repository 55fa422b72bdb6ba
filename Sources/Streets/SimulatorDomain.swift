// SPDX-License-Identifier: Apache-2.0

extension StreetDomain {
  /// A driving game's wide streets: hard sun, clean paint, colours without dust; for the 19 classes.
  public static let simulator: StreetDomain = {
    var d = StreetDomain(
      name: "simulator", summary: "a game's wide sunny streets, saturated and clean, all 19 classes")
    d.weather.sunHeight = 30...65
    d.weather.sun = V3(1.5, 1.36, 1.1)
    d.weather.sky = V3(0.3, 0.38, 0.54)
    d.weather.ground = V3(0.26, 0.24, 0.2)
    d.weather.zenith = V3(0.05, 0.2, 0.7)
    d.weather.horizon = V3(0.55, 0.74, 0.95)
    d.weather.cover = 0...1
    d.weather.haze = 0.0004...0.001
    d.town = simulatorTown
    d.lens.height = 1.4...1.9
    d.lens.fieldOfView = 62...74
    d.lens.tilt = -1...3
    d.lens.exposure = 1.75
    d.lens.exposureSpread = 0.3
    d.lens.balanceSpread = 0.08
    d.lens.contrast = 1.24
    d.lens.saturation = 1.42
    d.lens.blur = 0.2
    d.lens.chromaBlur = 0.2
    d.lens.noise = 0.003
    d.lens.chromaNoise = 0
    d.lens.vignette = 0.04
    d.lens.bloom = 0.3
    return d
  }()

  private static let simulatorTown: Town = {
    var town = Town()
    town.walls = [.plaster, .plaster, .plaster, .glass, .glass, .brick]
    town.plasters = [
      tone(0.9, 0.82, 0.68), tone(0.86, 0.68, 0.5), tone(0.92, 0.9, 0.86), tone(0.78, 0.55, 0.42),
      tone(0.7, 0.76, 0.78), tone(0.88, 0.76, 0.5),
    ]
    town.storeys = 6
    town.shops = 0.7
    town.leaves = [tone(0.26, 0.46, 0.12), tone(0.34, 0.5, 0.14)]
    town.grass = tone(0.34, 0.52, 0.16)
    town.paints = [
      tone(0.92, 0.92, 0.92), tone(0.1, 0.1, 0.11), tone(0.8, 0.08, 0.06), tone(0.08, 0.2, 0.65),
      tone(0.9, 0.65, 0.05), tone(0.1, 0.45, 0.25), tone(0.72, 0.73, 0.75),
    ]
    town.asphalt = tone(0.4, 0.4, 0.42)
    town.paving = tone(0.7, 0.68, 0.64)
    town.wear = 0...0.25
    town.roadHalf = 6.6...7.8
    town.pavements = 3...5.5
    town.signs = [.stop, .priority, .priority, .direction, .direction, .warning, .prohibition]
    town.bodies = [.coupe, .coupe, .limousine, .limousine, .offroader, .offroader, .van, .saloon]
    town.parked = 0.45
    town.cars = 4...8
    town.pedestrians = 6...12
    town.cyclists = 1...3
    town.trees = 0.6
    town.terraces = 0.5
    town.gardens = 0.3
    town.parks = 0.13
    var extras = Town.Extras()
    extras.lanes = 2
    extras.middleLine = tone(0.93, 0.7, 0.12)
    extras.verges = 0.6
    extras.vergeWidth = 1...2.2
    extras.walls = 0.35
    extras.gardenWalls = [.plaster, .plaster, .stone, .brick]
    extras.signals = 0.85
    extras.signalArms = 0.75
    extras.signalHousing = tone(0.85, 0.65, 0.1)
    extras.signalSize = 1.35
    extras.lorries = 0.4
    extras.pickups = 0.4
    extras.buses = 0.4
    extras.trams = 0.22
    extras.liveries = [tone(0.86, 0.87, 0.9), tone(0.1, 0.3, 0.62), tone(0.88, 0.4, 0.08)]
    extras.motorcycles = 0...2
    extras.motorcyclists = 0...2
    extras.bicycleStands = 0.7
    extras.palms = 0.6
    town.extras = extras
    return town
  }()
}
