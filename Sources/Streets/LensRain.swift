// SPDX-License-Identifier: Apache-2.0

import Files

// Rain between the street and the sensor.

extension Lens {
  /// Drops falling through the view: short slanted streaks, brighter than what is behind them.
  func drawStreaks(_ picture: inout Picture, _ unit: Float, _ random: inout SeededGenerator) {
    let slant = random.draw(-0.25...0.25)
    for _ in 0..<streaks {
      var x = random.draw(-10...Float(picture.width) + 10)
      var y = random.draw(-20...Float(picture.height))
      let near = random.draw(0...1)
      let length = (5 + 18 * near * near) * unit
      let strength = random.draw(0.05...0.16)
      var walked: Float = 0
      while walked < length {
        let (ix, iy) = (Int(floorIndex(x)), Int(floorIndex(y)))
        if ix >= 0, iy >= 0, ix < picture.width, iy < picture.height {
          let i = iy * picture.width + ix
          picture.pixels[i] = mix(picture.pixels[i], V3(0.5, 0.53, 0.56), strength)
        }
        x += slant
        y += 1
        walked += 1
      }
    }
  }

  /// Drops on the glass: small lenses that show the view upside down and blurred, with a bright rim.
  func drawDrops(_ picture: inout Picture, _ unit: Float, _ random: inout SeededGenerator) {
    let sharp = picture
    for _ in 0..<drops {
      let centre = V2(random.draw(0...Float(picture.width)), random.draw(0...Float(picture.height)))
      let luck = random.draw(0...1)
      let radius = (1.2 + 4.6 * luck * luck * luck) * unit
      let (x0, x1) = (max(0, Int(centre.x - radius)), min(picture.width - 1, Int(centre.x + radius)))
      let (y0, y1) = (max(0, Int(centre.y - radius)), min(picture.height - 1, Int(centre.y + radius)))
      guard x0 <= x1, y0 <= y1 else { continue }
      for y in y0...y1 {
        for x in x0...x1 {
          let off = (V2(Float(x), Float(y)) - centre) / radius
          let d2 = off.x * off.x + off.y * off.y
          guard d2 < 1 else { continue }
          let from = centre - off * (radius * 3.5)
          let seen = sharp.sample(from.x, from.y) * (0.85 + 0.3 * off.y) + V3(repeating: 0.03)
          let edge = smoothStep(1, 0.55, d2)
          let i = y * picture.width + x
          picture.pixels[i] = mix(picture.pixels[i], seen, 0.75 * edge)
        }
      }
    }
  }
}
