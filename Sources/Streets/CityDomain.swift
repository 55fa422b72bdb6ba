// SPDX-License-Identifier: Apache-2.0

extension StreetDomain {
  /// A European city through a car's camera: grey light, haze, narrow streets, noise; for the 19 classes.
  public static let city: StreetDomain = {
    var d = StreetDomain(
      name: "city", summary: "a European city's narrow streets, grey, hazy and noisy, all 19 classes")
    d.weather.sunHeight = 25...50
    d.weather.sun = V3(0.65, 0.6, 0.52)
    d.weather.sky = V3(0.42, 0.45, 0.5)
    d.weather.ground = V3(0.2, 0.2, 0.19)
    d.weather.zenith = V3(0.3, 0.44, 0.66)
    d.weather.horizon = V3(0.8, 0.82, 0.8)
    d.weather.cloud = V3(0.72, 0.73, 0.73)
    d.weather.cover = 0.25...1
    d.weather.sunGlow = V3(0.3, 0.28, 0.22)
    d.weather.haze = 0.001...0.003
    d.weather.air = V3(0.55, 0.58, 0.56)
    d.weather.mirror = 0.7
    d.town = cityTown
    d.lens.height = 1.15...1.3
    d.lens.fieldOfView = 50...56
    d.lens.tilt = -1.5...1.5
    d.lens.exposure = 1.95
    d.lens.balance = V3(1, 1.03, 0.94)
    d.lens.contrast = 1.12
    d.lens.saturation = 0.95
    d.lens.flare = 0.02
    d.lens.blur = 0.6
    d.lens.chromaBlur = 1.1
    d.lens.noise = 0.012
    d.lens.chromaNoise = 0.008
    d.lens.vignette = 0.2
    d.lens.bloom = 0.2
    return d
  }()

  private static let cityTown: Town = {
    var town = Town()
    town.walls = [.plaster, .plaster, .plaster, .stone, .brick]
    town.plasters = [
      tone(0.78, 0.74, 0.62), tone(0.7, 0.66, 0.6), tone(0.8, 0.77, 0.72), tone(0.66, 0.58, 0.48),
      tone(0.62, 0.64, 0.6), tone(0.74, 0.66, 0.5),
    ]
    town.bricks = [tone(0.5, 0.3, 0.24), tone(0.56, 0.42, 0.34), tone(0.44, 0.38, 0.34)]
    town.storeys = 4
    town.shops = 0.5
    town.leaves = [tone(0.26, 0.38, 0.18), tone(0.3, 0.4, 0.2), tone(0.22, 0.32, 0.18)]
    town.grass = tone(0.36, 0.44, 0.22)
    town.paints = [
      tone(0.3, 0.31, 0.33), tone(0.6, 0.61, 0.62), tone(0.12, 0.12, 0.13), tone(0.8, 0.8, 0.79),
      tone(0.18, 0.24, 0.38), tone(0.42, 0.14, 0.12),
    ]
    town.clothes = [
      tone(0.2, 0.22, 0.26), tone(0.36, 0.34, 0.32), tone(0.5, 0.2, 0.18), tone(0.24, 0.32, 0.46),
      tone(0.6, 0.58, 0.54),
    ]
    town.coats = 0.45
    town.asphalt = tone(0.38, 0.38, 0.37)
    town.paving = tone(0.52, 0.5, 0.47)
    town.wear = 0.3...0.7
    town.cobbles = 0.25
    town.roadHalf = 3.3...4.4
    town.bodies = [.hatchback, .hatchback, .hatchback, .estate, .estate, .saloon, .van]
    town.parked = 0.6
    town.pavements = 2.4...4.6
    town.cars = 3...6
    town.pedestrians = 7...14
    town.cyclists = 1...4
    town.trees = 0.5
    town.terraces = 0.53
    town.gardens = 0.25
    town.parks = 0.14
    var extras = Town.Extras()
    extras.verges = 0.5
    extras.walls = 0.38
    extras.gardenWalls = [.stone, .brick, .brick, .plaster]
    extras.signals = 0.7
    extras.signalArms = 0.3
    extras.lorries = 0.45
    extras.buses = 0.4
    extras.trams = 0.25
    extras.liveries = [
      tone(0.86, 0.7, 0.14), tone(0.7, 0.12, 0.1), tone(0.85, 0.84, 0.78), tone(0.15, 0.4, 0.3),
    ]
    extras.motorcycles = 0...3
    extras.motorcyclists = 0...2
    extras.bicycleStands = 0.6
    town.extras = extras
    return town
  }()
}
