// SPDX-License-Identifier: Apache-2.0

/// The colours of materials under the light of a scene.
struct Shader {
  /// What a pattern may know of the face it lies on.
  struct Surface {
    var light: V3
    var normal: V3
    /// Metres a sample spans at a distance of one metre.
    var scale: Float
  }

  let facades: [Facade]
  /// The sky that glossy things mirror.
  let mirrored: V3
  /// Strength of lit windows and lamps; 0 by day.
  let lamps: Float

  /// The light that leaves a material at texture coordinates `at`, or nothing where it has a hole.
  @inline(__always)
  func colour(_ m: Material, _ at: V2, _ distance: Float, _ on: Surface) -> V3? {
    let footprint = distance * on.scale
    switch m.kind {
    case .plain:
      let grain = valueNoise(at.x * 9, at.y * 9, m.seed)
      return m.base * on.light * (0.92 + 0.16 * grain)
    case .facade: return facades[m.detail].colour(at, footprint, on, self)
    case .tiles: return tiles(m, at, footprint) * on.light
    case .paint: return paint(m, on)
    case .glass: return glass(m, at, on)
    case .wheel: return wheel(m, at) * on.light
    case .sign: return sign(m, at) * (on.light * 0.85 + V3(repeating: 0.12)) * (1 + lamps * 0.6)
    case .bars: return bars(m, at, footprint, on)
    case .boards: return boards(m, at) * on.light
    case .mesh: return mesh(m, at, footprint, on)
    case .hedge: return hedge(m, at, footprint) * on.light
    case .lamp: return m.base * (on.light + V3(repeating: 0.25 + lamps * m.size.x))
    }
  }

  private func tiles(_ m: Material, _ at: V2, _ footprint: Float) -> V3 {
    let row = floorIndex(at.y / 0.3)
    let shifted = at.x / 0.25 + (row & 1 == 0 ? 0 : 0.5)
    let clear = clamp01(0.35 - footprint) * 2.8
    let tile = hashUnit(floorIndex(shifted), row, m.seed) - 0.5
    let edge: Float = fraction(at.y / 0.3) < 0.22 ? -0.3 : 0.06
    let moss = valueNoise(at.x * 0.6, at.y * 0.9, m.seed) - 0.5
    return m.base * (1 + clear * (0.35 * tile + edge) + 0.3 * moss)
  }

  /// Paint mirrors the sky where it looks up and the street where it looks level.
  private func paint(_ m: Material, _ on: Surface) -> V3 {
    let up = max(0, on.normal.z)
    return m.base * on.light + mirrored * (0.05 + 0.22 * up * up)
  }

  private func glass(_ m: Material, _ at: V2, _ on: Surface) -> V3 {
    let (u, v) = (at.x / m.size.x, at.y / m.size.y)
    let frame = u < 0.05 || u > 0.95 || v < 0.06 || v > 0.92 || (m.detail == 1 && (u - 0.47).magnitude < 0.03)
    if frame { return m.base * on.light + mirrored * 0.04 }
    let streak = smoothStep(0.1, 0.9, v) * 0.35 + ((u + v * 0.4) > 0.7 ? 0.12 : 0)
    return V3(0.012, 0.014, 0.016) + mirrored * (0.08 + streak * 0.8 + 0.25 * max(0, on.normal.z))
  }

  private func wheel(_ m: Material, _ at: V2) -> V3 {
    let r = (at.x * at.x + at.y * at.y).squareRoot() / m.size.x
    if r > 0.66 { return V3(repeating: 0.012) }
    if r > 0.56 { return m.accent }
    let spoke =
      (at.x * at.y * (at.x * at.x - at.y * at.y)).magnitude * 30 / (r * r * r * r * m.size.x.squareRoot())
    return r < 0.14 || spoke > 0.12 ? m.accent * (0.75 + 0.2 * r) : V3(repeating: 0.03)
  }

  /// Bars with rails above and below. Where a sample spans a bar and its gap they cannot be told apart: it is
  /// drawn by chance in the right share.
  private func bars(_ m: Material, _ at: V2, _ footprint: Float, _ on: Surface) -> V3? {
    let (pitch, share) = (m.accent.x, m.accent.y)
    let v = at.y / m.size.y
    let rail = (v > 0.1 && v < 0.17) || (v > 0.82 && v < 0.9)
    let post = fraction(at.x / (pitch * 12)) < 0.05
    let cell = at.x / pitch
    let bar =
      footprint < pitch * 0.4
      ? fraction(cell) < share
      : hashUnit(floorIndex(at.x / footprint), floorIndex(at.y / footprint), m.seed) < share + 0.25
    guard rail || post || (bar && v < 0.97) else { return nil }
    let round = footprint < pitch * 0.2 ? 0.8 + 0.4 * (1 - fraction(cell) / share) : 1
    return m.base * on.light * (rail ? 1.08 : round)
  }

  private func boards(_ m: Material, _ at: V2) -> V3 {
    let board = at.x / 0.16
    let gap: Float = fraction(board) < 0.1 ? 0.45 : 1
    let grain = valueNoise(at.x * 30, at.y * 2, m.seed) * 0.3 + hashUnit(floorIndex(board), 3, m.seed) * 0.35
    let foot = 0.75 + 0.25 * smoothStep(0, 0.35, at.y)
    return m.base * gap * (0.65 + grain) * foot
  }

  private func mesh(_ m: Material, _ at: V2, _ footprint: Float, _ on: Surface) -> V3? {
    let post = fraction(at.x / 2.4) < 0.035 || at.y > m.size.y - 0.07 || at.y < 0.08
    let (p, q) = ((at.x + at.y) / 0.11, (at.x - at.y) / 0.11)
    let wire =
      footprint < 0.03
      ? fraction(p) < 0.2 || fraction(q) < 0.2
      : hashUnit(floorIndex(at.x / footprint), floorIndex(at.y / footprint), m.seed) < 0.5
    return post || wire ? m.base * on.light * (post ? 0.8 : 1) : nil
  }

  private func hedge(_ m: Material, _ at: V2, _ footprint: Float) -> V3 {
    let leaf = valueNoise(at.x * 14, at.y * 14, m.seed) - 0.5
    let clump = valueNoise(at.x * 3, at.y * 3, m.seed &+ 5) - 0.5
    let fine = clamp01(0.12 - footprint) * 8
    return m.base * (0.85 + 0.8 * leaf * fine + 0.6 * clump) * (0.55 + 0.45 * smoothStep(0, 1.2, at.y))
  }
}
