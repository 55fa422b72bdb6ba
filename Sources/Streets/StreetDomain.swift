// SPDX-License-Identifier: Apache-2.0

import Files

/// A named way streets look: their light and air, their town, and the camera that sees them.
public struct StreetDomain: Sendable {
  /// The name that `iapc data streets --domain` takes.
  public let name: String
  /// One line on what sets this domain apart.
  public let summary: String
  var weather = Weather()
  var town = Town()
  var lens = Lens()

  /// Clear noon: the labelled source.
  public static let noon = StreetDomain(name: "noon", summary: "sun, blue sky, hard shadows, a car's camera")

  /// Dusk: low warm sky, lit windows and lamps, a noisy picture with a cast.
  public static let dusk: StreetDomain = {
    var d = StreetDomain(name: "dusk", summary: "after sunset, lamps and lit windows, warm and noisy")
    d.weather.sun = .zero
    d.weather.sunHeight = 3...8
    d.weather.sky = V3(0.18, 0.18, 0.28)
    d.weather.ground = V3(0.12, 0.075, 0.055)
    d.weather.zenith = V3(0.08, 0.11, 0.3)
    d.weather.horizon = V3(0.74, 0.38, 0.22)
    d.weather.cloud = V3(0.36, 0.24, 0.29)
    d.weather.cover = 0.3...0.75
    d.weather.sunGlow = V3(0.9, 0.4, 0.12)
    d.weather.haze = 0.003...0.006
    d.weather.air = V3(0.28, 0.15, 0.15)
    d.weather.lamps = 0.9
    d.weather.mirror = 0.45
    d.town.asphalt = tone(0.36, 0.35, 0.36)
    d.town.paving = tone(0.52, 0.5, 0.5)
    d.town.storeys = 5
    d.town.shops = 0.75
    d.town.pedestrians = 6...13
    d.lens.height = 1.35...1.7
    d.lens.exposure = 2.5
    d.lens.balance = V3(1.12, 0.96, 0.9)
    d.lens.saturation = 1.15
    d.lens.blur = 0.55
    d.lens.chromaBlur = 1.4
    d.lens.noise = 0.022
    d.lens.chromaNoise = 0.02
    d.lens.vignette = 0.35
    d.lens.bloom = 0.9
    return d
  }()

  /// Fog: the distance dissolves, colours fade, autumn trees and stone houses.
  public static let fog: StreetDomain = {
    var d = StreetDomain(name: "fog", summary: "autumn fog, grey light, faded colours, a soft picture")
    d.weather.sun = .zero
    d.weather.sky = V3(0.62, 0.63, 0.64)
    d.weather.ground = V3(0.3, 0.3, 0.29)
    d.weather.zenith = V3(0.76, 0.78, 0.81)
    d.weather.horizon = V3(0.75, 0.765, 0.77)
    d.weather.cloud = V3(0.78, 0.79, 0.81)
    d.weather.cover = 0.6...1
    d.weather.sunGlow = V3(0.1, 0.1, 0.1)
    d.weather.haze = 0.009...0.016
    d.weather.air = V3(0.7, 0.715, 0.72)
    d.town.walls = [.stone, .stone, .plaster, .brick]
    d.town.plasters = [
      tone(0.66, 0.64, 0.6), tone(0.74, 0.72, 0.68), tone(0.58, 0.57, 0.55), tone(0.8, 0.76, 0.66),
    ]
    d.town.leaves = [
      tone(0.74, 0.5, 0.14), tone(0.72, 0.34, 0.12), tone(0.5, 0.48, 0.18), tone(0.8, 0.64, 0.2),
      tone(0.38, 0.48, 0.2),
    ]
    d.town.grass = tone(0.46, 0.45, 0.28)
    d.town.cobbles = 0.5
    d.town.asphalt = tone(0.46, 0.45, 0.43)
    d.town.paving = tone(0.55, 0.53, 0.5)
    d.town.roadHalf = 2.9...3.8
    d.town.storeys = 3
    d.town.coats = 0.7
    d.town.cyclists = 1...4
    d.town.wear = 0.5...0.9
    d.lens.height = 1.1...1.35
    d.lens.fieldOfView = 48...56
    d.lens.exposure = 1.6
    d.lens.balance = V3(0.96, 1, 1.05)
    d.lens.contrast = 1
    d.lens.saturation = 0.95
    d.lens.flare = 0.05
    d.lens.blur = 0.85
    d.lens.noise = 0.014
    return d
  }()

  /// Rain with another camera: wet brick streets through the wide, high, cold lens of a lorry.
  public static let rain: StreetDomain = {
    var d = StreetDomain(name: "rain", summary: "rain on wet brick streets, a high wide cold camera")
    d.weather.sun = .zero
    d.weather.sky = V3(0.34, 0.37, 0.41)
    d.weather.ground = V3(0.15, 0.16, 0.17)
    d.weather.zenith = V3(0.3, 0.33, 0.37)
    d.weather.horizon = V3(0.52, 0.55, 0.58)
    d.weather.cloud = V3(0.4, 0.42, 0.45)
    d.weather.cover = 0.8...1
    d.weather.sunGlow = .zero
    d.weather.haze = 0.004...0.008
    d.weather.air = V3(0.42, 0.45, 0.48)
    d.weather.wet = 1
    d.weather.lamps = 0.25
    d.town.walls = [.brick, .brick, .brick, .stone, .glass]
    d.town.bricks = [
      tone(0.5, 0.24, 0.18), tone(0.42, 0.26, 0.22), tone(0.55, 0.36, 0.28), tone(0.35, 0.3, 0.28),
    ]
    d.town.leaves = [tone(0.16, 0.32, 0.2), tone(0.2, 0.34, 0.18)]
    d.town.grass = tone(0.24, 0.38, 0.2)
    d.town.paints = [
      tone(0.9, 0.8, 0.2), tone(0.8, 0.8, 0.8), tone(0.2, 0.2, 0.22), tone(0.2, 0.4, 0.4),
      tone(0.5, 0.1, 0.1),
    ]
    d.town.asphalt = tone(0.3, 0.31, 0.33)
    d.town.paving = tone(0.46, 0.42, 0.4)
    d.town.coats = 0.6
    d.town.parked = 0.75
    d.town.cars = 4...8
    d.town.pedestrians = 7...14
    d.town.cyclists = 2...4
    d.lens.height = 2.1...2.6
    d.lens.fieldOfView = 78...88
    d.lens.tilt = 2...7
    d.lens.exposure = 2.9
    d.lens.balance = V3(0.84, 1, 1.16)
    d.lens.contrast = 1.15
    d.lens.saturation = 0.85
    d.lens.blur = 0.7
    d.lens.chromaBlur = 2
    d.lens.noise = 0.015
    d.lens.vignette = 0.4
    d.lens.bloom = 0.5
    d.lens.drops = 26
    d.lens.streaks = 260
    return d
  }()

  /// Every domain, the source first.
  public static let all: [StreetDomain] = [noon, dusk, fog, rain, simulator, city]

  /// The domain of a name.
  /// - Throws: `Problem` when no domain has it.
  public static func named(_ name: String) throws -> StreetDomain {
    guard let domain = all.first(where: { $0.name == name }) else {
      let known = all.map(\.name).joined(separator: ", ")
      throw Problem(
        "cannot draw streets", at: "domain \"\(name)\"", because: "there is no such domain",
        remedy: "name one of \(known)")
    }
    return domain
  }
}
