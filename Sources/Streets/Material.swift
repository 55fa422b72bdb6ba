// SPDX-License-Identifier: Apache-2.0

/// What a face is made of: a kind of pattern with its colours.
struct Material {
  enum Kind {
    /// One colour with a little grain.
    case plain
    /// A house front; `detail` is its index among the model's facades.
    case facade
    /// Rows of roof tiles.
    case tiles
    /// Car paint and car windows: they mirror a little sky.
    case paint, glass
    /// Tyre and rim about the origin; `size.x` is the radius.
    case wheel
    /// The face of a traffic sign; `detail` is a `SignFace`.
    case sign
    /// Upright bars, boards and wire mesh, with gaps; `size` is the panel.
    case bars, boards, mesh
    /// A clipped hedge.
    case hedge
    /// Gives out light of its own.
    case lamp
  }

  var kind: Kind
  var base: V3
  var accent: V3 = .zero
  var size: V2 = V2(1, 1)
  var detail = 0
  var seed: UInt32 = 0

  static func plain(_ colour: V3) -> Material { Material(kind: .plain, base: colour) }
}

/// What is painted on a traffic sign.
enum SignFace: Int, CaseIterable {
  case prohibition, mandatory, warning, stop, direction, parking, priority
}
