// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// One scene on its way from a layout to samples, and from samples to pixels.
struct Drawing {
  private let layout: Layout
  private let size: PixelSize
  private let painter: Painter
  private let sky: Sky
  private let haze: Float

  init(layout: Layout, size: PixelSize, random: inout SeededGenerator) {
    self.layout = layout
    self.size = size
    let (lens, weather) = (layout.domain.lens, layout.domain.weather)
    let degrees: Float = 0.017453293
    // Two samples a pixel each way.
    let canvas = Canvas(width: 2 * size.width, height: 2 * size.height)
    let camera = Camera(
      position: V3(layout.laneX + random.draw(-0.3...0.3), 0, random.draw(lens.height)),
      yaw: random.draw(-4...3) * degrees, pitch: -random.draw(lens.tilt) * degrees,
      fieldOfView: random.draw(lens.fieldOfView) * degrees, canvas: (canvas.width, canvas.height))
    let height = random.draw(weather.sunHeight) * degrees
    let around = random.draw(0...6.2831853)
    let towards = V3(sine(around) * cosine(height), cosine(around) * cosine(height), sine(height))
    let light = Light(sunDirection: towards, sun: weather.sun, sky: weather.sky, ground: weather.ground)
    haze = random.draw(weather.haze)
    sky = Sky(
      zenith: weather.zenith, horizon: weather.horizon, cloud: weather.cloud,
      cover: random.draw(weather.cover),
      sunDirection: towards, sunGlow: weather.sunGlow, light: weather.sky + weather.sun * 0.4,
      seed: random.textureSeed())
    let mirrored = mix(weather.horizon, weather.zenith, 0.4) * weather.mirror
    let shader = Shader(facades: layout.model.facades, mirrored: mirrored, lamps: weather.lamps)
    painter = Painter(camera: camera, light: light, canvas: canvas, shader: shader)
  }

  /// Draws things from near to far, so that little is drawn twice, then what is behind them.
  func draw() {
    let (model, camera) = (layout.model, painter.camera)
    func order(_ points: [V3]) -> [Int] {
      let keys = points.map { dot(camera.forward, $0 - camera.position) }
      return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    }
    for i in order(model.faces.map { model.points[$0.points.lowerBound] }) {
      painter.draw(model.faces[i], of: model)
    }
    for i in order(model.rods.map { $0.a }) { painter.draw(model.rods[i]) }
    for i in order(model.foliage.map { $0.centre }) { painter.draw(model.foliage[i]) }
    if dot(painter.light.sun, painter.light.sun) > 0 { painter.castShadows(of: model) }
    for spot in model.spots { painter.draw(spot) }
    painter.drawSky(sky)
    painter.drawGround(layout.ground, weather: layout.domain.weather)
  }

  /// The mean light of each pixel's four samples, seen through the air.
  func picture() -> Picture {
    let canvas = painter.canvas
    let air = layout.domain.weather.air
    var pixels = [V3](repeating: .zero, count: size.area)
    for y in 0..<size.height {
      for x in 0..<size.width {
        var sum = V3.zero
        for sample in 0..<4 {
          let i = (2 * y + sample / 2) * canvas.width + 2 * x + sample % 2
          let near = canvas.nearness[i]
          // The sky is seen through the air along the horizon only; its own colours hold the rest.
          let clear = near > 0 ? decay(-haze / near) : 1
          sum += mix(air, pointwiseMin(canvas.colour[i], V3(repeating: 6)), clear)
        }
        pixels[y * size.width + x] = sum / 4
      }
    }
    return Picture(width: size.width, height: size.height, pixels: pixels)
  }

  /// The class that most of each pixel's four samples show, among equals the first, and the instance of the
  /// first sample that shows it.
  func labels(in classes: StreetClasses) -> (labels: LabelMap, instances: [UInt16]) {
    let (canvas, indices) = (painter.canvas, classes.indices)
    var map = LabelMap(size: size)
    var instances = [UInt16](repeating: 0, count: size.area)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let i = 2 * y * canvas.width + 2 * x
        let places = SIMD4(i, i + 1, i + canvas.width, i + canvas.width + 1)
        func shown(_ k: Int) -> UInt8 { indices[Int(canvas.label[places[k]])] }
        let (a, b, c, d) = (shown(0), shown(1), shown(2), shown(3))
        let first = a == b || a == c || a == d
        let second = b == c || b == d
        let k = first ? 0 : (second ? 1 : (c == d ? 2 : 0))
        map.pixels[y * size.width + x] = shown(k)
        instances[y * size.width + x] = canvas.instance[places[k]]
      }
    }
    return (map, instances)
  }
}
