// SPDX-License-Identifier: Apache-2.0

import CImage

/// The weights of one pass of the antialiased bicubic resampling, in fixed point.
///
/// Source: Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.5;
/// widened, rounded and normalised as Pillow's Resample.c does it, so that the 8-bit results are the same.
struct ResamplingWeights {
  /// Bits after the point: 32 less 8 for the pixel and 2 for overshoot and sign.
  static let precision = Int32(CI_WEIGHT_BITS)

  /// Taps of every result pixel; those beyond a pixel's own are 0.
  let taps: Int
  /// The first source pixel of each result pixel: all `taps` from there on lie in the source.
  let starts: [Int]
  /// `taps` weights for each result pixel.
  let weights: [Int32]
  /// The source pixels that are read at all.
  let sources: Range<Int>

  /// For the wanted ones of `new` result pixels, made from `old` source pixels.
  init(from old: Int, to new: Int, _ wanted: Range<Int>) {
    let count = wanted.count
    let scale = Double(old) / Double(new)
    let stretch = max(scale, 1)
    let support = 2 * stretch
    let most = Int(support.rounded(.up)) * 2 + 1
    var raw = [Double](repeating: 0, count: most)
    var starts = [Int](repeating: 0, count: count)
    var counts = starts
    var weights = [Int32](repeating: 0, count: count * most)
    for i in 0..<count {
      let center = (Double(wanted.lowerBound + i) + 0.5) * scale
      let low = max(Int(center - support + 0.5), 0)
      let high = min(Int(center + support + 0.5), old)
      var sum = 0.0
      for x in 0..<high - low {
        raw[x] = Self.cubic((Double(x + low) - center + 0.5) * (1 / stretch))
        sum += raw[x]
      }
      for x in 0..<high - low {
        let weight = (sum == 0 ? raw[x] : raw[x] / sum) * Double(1 << Self.precision)
        weights[i * most + x] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
      (starts[i], counts[i]) = (low, high - low)
    }
    let used = counts.max() ?? 0
    self.init(starts: starts, counts: counts, weights: weights, taps: used, stride: most, old: old)
  }

  // Shifts each pixel's window so that all `taps` of them lie inside the source: the added taps weigh 0.
  private init(starts: [Int], counts: [Int], weights: [Int32], taps: Int, stride: Int, old: Int) {
    var shifted = starts
    var packed = [Int32](repeating: 0, count: starts.count * taps)
    for i in 0..<starts.count {
      shifted[i] = min(starts[i], old - taps)
      let offset = starts[i] - shifted[i]
      for x in 0..<counts[i] { packed[i * taps + offset + x] = weights[i * stride + x] }
    }
    self.taps = taps
    self.starts = shifted
    self.weights = packed
    sources = (shifted.min() ?? 0)..<(shifted.max() ?? 0) + taps
  }

  private static func cubic(_ place: Double) -> Double {
    let (a, x) = (-0.5, abs(place))
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }
}
