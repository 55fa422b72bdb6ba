// SPDX-License-Identifier: Apache-2.0

// Traffic signs, painted about the middle of the sign with `size` as half extents.

extension Shader {
  private static let red = tone(0.78, 0.08, 0.1)
  private static let blue = tone(0.08, 0.28, 0.68)
  private static let white = tone(0.93, 0.93, 0.92)
  private static let black = tone(0.08, 0.08, 0.09)
  private static let yellow = tone(0.95, 0.76, 0.1)
  private static let green = tone(0.05, 0.42, 0.25)

  /// The paint of a sign at `at`, measured from its middle in metres.
  func sign(_ m: Material, _ at: V2) -> V3 {
    let (x, y) = (at.x / m.size.x, at.y / m.size.y)
    let r = (x * x + y * y).squareRoot()
    switch SignFace(rawValue: m.detail) ?? .stop {
    case .prohibition:
      if r > 0.72 { return Shader.red }
      let glyph = y.magnitude < 0.36 && (((x + 0.25).magnitude < 0.16) || ((x - 0.25).magnitude < 0.16))
      return glyph && !(y.magnitude < 0.2 && (x - 0.25).magnitude < 0.06) ? Shader.black : Shader.white
    case .mandatory:
      if r > 0.9 { return Shader.white }
      let arrow = (x.magnitude < 0.13 && y < 0.3 && y > -0.6) || (y > 0.1 && y < 0.6 - x.magnitude && y > 0.1)
      return arrow ? Shader.white : Shader.blue
    case .warning:
      // A triangle from (0, 1) to (±1, -0.75): the distance to the nearest edge tells border from field.
      let inside = min(y + 0.75, (1 - y) * 0.5 - x.magnitude * 0.875)
      if inside < 0.16 { return Shader.red }
      return x.magnitude < 0.09 && y > -0.45 && y < 0.3 ? Shader.black : Shader.white
    case .stop:
      if max(x.magnitude, y.magnitude, (x.magnitude + y.magnitude) * 0.7071) > 0.88 { return Shader.white }
      let letters = y.magnitude < 0.25 && x.magnitude < 0.72 && fraction(x * 2.8) < 0.62
      return letters ? Shader.white : Shader.red
    case .direction:
      if max(x.magnitude, y.magnitude) > 0.94 { return Shader.white }
      let line = fraction((y + 1) * 1.5)
      let letters = line > 0.25 && line < 0.7 && x.magnitude < 0.8 && fraction(x * 5.5 + line * 0.3) < 0.65
      return letters ? Shader.white : (m.seed & 1 == 0 ? Shader.green : Shader.blue)
    case .parking:
      if max(x.magnitude, y.magnitude) > 0.92 { return Shader.white }
      let bowl = (x - 0.05) * (x - 0.05) * 1.2 + (y - 0.22) * (y - 0.22) * 1.6
      let stem = x > -0.38 && x < -0.14 && y.magnitude < 0.62
      return stem || (bowl < 0.2 && bowl > 0.045 && x > -0.3) ? Shader.white : Shader.blue
    case .priority:
      let d = x.magnitude + y.magnitude
      return d > 0.82 ? Shader.white : (d > 0.74 ? Shader.black : Shader.yellow)
    }
  }
}
