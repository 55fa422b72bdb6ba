// SPDX-License-Identifier: Apache-2.0

import Torch

/// A convolution with normalisation and activation under the decoder's names.
private struct ConvNormAct {
  private let conv: Convolution
  private let post: BatchNorm

  init(
    _ s: Scope, _ input: Int, _ output: Int, kernel: Int = 1, groups: Int = 1, _ d: ESPNetv2.Description
  ) {
    let place = s / "cbr"
    conv = Convolution(
      place / 0, input, output, kernel: kernel, Window(padding: kernel / 2), groups: groups)
    post = normAct(place / 1, place / 2, output, d)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { post(conv(x), mode) }
}

private func normAct(_ norm: Scope, _ act: Scope, _ channels: Int, _ d: ESPNetv2.Description) -> BatchNorm {
  BatchNorm(norm, channels, countsBatches: d.counters, activation: .prelu(act, channels))
}

/// Efficient pyramid pooling: convolutions of single channels at five scales, each channel's five merged into one.
///
/// Shapes: [N, in, H, W] -> [N, out, H, W].
private struct PyramidPooling {
  /// Scales 2, 1.5, 1, 0.5 and 0.1 of the map.
  private static let scales = [(2, 1), (3, 2), (1, 1), (1, 2), (1, 10)].map {
    ScaledSize($0.0, over: $0.1, least: 5)
  }

  private let projection: ConvNormAct
  private let stages: [DepthwiseLadder]
  private let joined: BatchNorm
  private let merge: DepthwiseMerge
  private let merged: BatchNorm
  private let last: Convolution
  private let post: BatchNorm?

  /// - `classifies`: whether the last convolution has a bias and nothing after it.
  init(_ s: Scope, _ input: Int, _ output: Int, classifies: Bool = false, _ d: ESPNetv2.Description) {
    let (q, parts) = (d.pyramid, Self.scales.count)
    stages = (0..<parts).map { DepthwiseLadder([s / "stages" / $0], q, dilations: [1]) }
    projection = ConvNormAct(s / "projection_layer", input, q, d)
    let layer = s / "merge_layer"
    joined = normAct(layer / 0 / "br" / 0, layer / 0 / "br" / 1, parts * q, d)
    let merging = layer / 2 / "cbr"
    merge = DepthwiseMerge(merging / 0, q, parts: parts)
    merged = normAct(merging / 1, merging / 2, q, d)
    last = Convolution(layer / 3, q, output, kernel: 1, bias: classifies)
    post = classifies ? nil : normAct(s / "br" / "br" / 0, s / "br" / "br" / 1, output, d)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let z = projection(x, mode)
    let parts = zip(Self.scales, stages).map { scale, stage in
      if scale.numerator == scale.denominator { return stage(z) }
      return scale.numerator > scale.denominator
        ? stage(z.resizedBilinear(to: scale)).adaptiveAveragePooled(like: z)
        : stage(z.adaptiveAveragePooled(to: scale)).resizedBilinear(like: z)
    }
    let pooled = merged(merge(joined(.concatenated(parts, along: 1), mode)), mode)
    return post?(last(pooled), mode) ?? last(pooled)
  }
}

/// A map of the encoder at the decoder's width, each channel weighted by what the whole image has of it.
///
/// Shapes: [N, in, H, W] -> [N, out, H, W].
private struct GatedMerge {
  private let gate: Convolution
  private let body: ConvNormAct

  init(_ s: Scope, _ input: Int, _ output: Int, _ d: ESPNetv2.Description) {
    gate = Convolution(s / "wt_layer" / 1, input, output, kernel: 1)
    body = ConvNormAct(
      s / "expansion_layer", input, output, kernel: 3, groups: greatestCommonDivisor(input, output), d)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    body(x, mode) * gate(x.mean(2, 3, keepingAxes: true)).sigmoid()
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? a : greatestCommonDivisor(b, a % b)
}

/// The encoder's deepest map brought to stride 2 in three steps, the finer maps added on the way.
struct ESPNetv2Decoder {
  private static let widths = [64, 48, 32]

  private let first: PyramidPooling
  private let pyramids: [PyramidPooling]
  private let merges: [GatedMerge]
  private let sums: [BatchNorm]

  init(_ s: Scope, _ d: ESPNetv2.Description) {
    let (c, w) = (d.widths, Self.widths)
    first = PyramidPooling(s / "bu_dec_l1", c[3], w[0], d)
    pyramids = [
      PyramidPooling(s / "bu_dec_l2", w[0], w[1], d), PyramidPooling(s / "bu_dec_l3", w[1], w[2], d),
      PyramidPooling(s / "bu_dec_l4", w[2], d.outputs, classifies: true, d),
    ]
    merges = w.indices.map { GatedMerge(s / "merge_enc_dec_l\($0 + 2)", c[2 - $0], w[$0], d) }
    sums = w.indices.map { normAct(s / "bu_br_l\($0 + 2)" / 0, s / "bu_br_l\($0 + 2)" / 1, w[$0], d) }
  }

  /// The scores at stride 2 and the map at stride 8.
  func callAsFunction(_ maps: ESPNetv2Maps, _ mode: Mode) -> (logits: Tensor, features: Tensor) {
    let encoded = [maps.stride8, maps.stride4, maps.stride2]
    var made = [first(maps.stride16, mode)]
    for (step, map) in encoded.enumerated() {
      let sum = merges[step](map, mode) + made[step].resizedBilinear(like: map)
      made.append(pyramids[step](sums[step](sum, mode), mode))
    }
    return (made[3], made[1])
  }
}
