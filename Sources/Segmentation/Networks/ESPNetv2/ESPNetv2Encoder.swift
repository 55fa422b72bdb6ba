// SPDX-License-Identifier: Apache-2.0

import Torch

/// The maps of the encoder: stride 2, 4, 8 and 16, each at the end of its level.
struct ESPNetv2Maps {
  let stride2, stride4, stride8, stride16: Tensor
}

/// A convolution with its normalisation under the encoder's names, and an activation where there is one.
private struct ConvNorm {
  private let conv: Convolution
  private let post: BatchNorm

  init(
    _ s: Scope, _ input: Int, _ output: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
    activates: Bool = true, _ d: ESPNetv2.Description
  ) {
    conv = Convolution(
      s / "conv", input, output, kernel: kernel, Window(stride: stride, padding: kernel / 2), groups: groups)
    post = BatchNorm(
      s / "bn", output, countsBatches: d.counters,
      activation: activates ? .prelu(s / "act", output) : .none)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { post(conv(x), mode) }

  /// The activation of the sum with another map.
  func callAsFunction(_ x: Tensor, adding other: Tensor, then activation: Activation, _ mode: Mode) -> Tensor
  {
    post(conv(x), adding: other, then: activation, mode)
  }
}

/// Reduce, four dilated branches of single channels, sums down the ladder, expand: the paper's figure 1b.
///
/// Shapes: [N, in, H, W] -> [N, out, H / stride, W / stride]; at stride 1 its input is added.
private struct EESP {
  private static let groups = 4

  private let reduce, expand: ConvNorm
  private let ladder: DepthwiseLadder
  private let joined: BatchNorm
  private let activation: Activation

  init(
    _ s: Scope, _ input: Int, _ output: Int, stride: Int = 1, dilations: [Int] = [1, 2, 3, 4],
    _ d: ESPNetv2.Description
  ) {
    let narrow = output / Self.groups
    reduce = ConvNorm(s / "proj_1x1", input, narrow, groups: Self.groups, d)
    ladder = DepthwiseLadder(
      dilations.indices.map { s / "spp_dw" / $0 / "conv" }, narrow, dilations: dilations, stride: stride,
      sums: true)
    expand = ConvNorm(s / "conv_1x1_exp", output, output, groups: Self.groups, activates: false, d)
    let after = s / "br_after_cat"
    joined = BatchNorm(
      after / "bn", output, countsBatches: d.counters, activation: .prelu(after / "act", output))
    // Of a unit that halves the size this is in the files and never used.
    activation = .prelu(s / "module_act", output)
  }

  private func inner(_ x: Tensor, _ mode: Mode) -> Tensor { joined(ladder(reduce(x, mode)), mode) }

  /// The unit by itself, around which its input is added.
  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    expand(inner(x, mode), adding: x, then: activation, mode)
  }

  /// The unit without its input and its last activation.
  func bare(_ x: Tensor, _ mode: Mode) -> Tensor { expand(inner(x, mode), mode) }
}

/// The pooled input and a unit of stride 2 side by side, and the image again at their size added.
///
/// Shapes: [N, in, H, W] and the image [N, 3, H / 2, W / 2] -> [N, out, H / 2, W / 2].
private struct DownSampler {
  private let unit: EESP
  private let imageFirst, imageLast: ConvNorm
  private let activation: Activation

  init(_ s: Scope, _ input: Int, _ output: Int, _ d: ESPNetv2.Description) {
    unit = EESP(s / "eesp", input, output - input, stride: 2, d)
    let image = s / "inp_reinf"
    imageFirst = ConvNorm(image / 0, 3, 3, kernel: 3, d)
    imageLast = ConvNorm(image / 1, 3, output, activates: false, d)
    activation = .prelu(s / "act", output)
  }

  func callAsFunction(_ x: Tensor, image: Tensor, _ mode: Mode) -> Tensor {
    let joined = Tensor.concatenated([x.halved(), unit.bare(x, mode)], along: 1)
    return imageLast(imageFirst(image, mode), adding: joined, then: activation, mode)
  }
}

extension Tensor {
  /// Means of 3x3 pixels at every second place; the zeros around the map count.
  fileprivate func halved() -> Tensor { averagePooled(kernel: 3, Window(stride: 2, padding: 1)) }
}

/// Four levels, of which all but the first see the image again at their own size.
struct ESPNetv2Encoder {
  private let level1: ConvNorm
  private let level2Down, level3Down, level4Down: DownSampler
  private let level3, level4: [EESP]

  init(_ s: Scope, _ d: ESPNetv2.Description) {
    let c = d.widths
    level1 = ConvNorm(s / "level1", 3, c[0], kernel: 3, stride: 2, d)
    level2Down = DownSampler(s / "level2_0", c[0], c[1], d)
    level3Down = DownSampler(s / "level3_0", c[1], c[2], d)
    level3 = (0..<3).map { EESP(s / "level3" / $0, c[2], c[2], d) }
    level4Down = DownSampler(s / "level4_0", c[2], c[3], d)
    // Receptive fields of 9 are beyond this level's limit of 7 and fall back to 3.
    level4 = (0..<7).map { EESP(s / "level4" / $0, c[3], c[3], dilations: [1, 1, 2, 3], d) }
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> ESPNetv2Maps {
    let image = images.inLayerLayout()
    let quarter = image.halved().halved()
    let eighth = quarter.halved()
    let stride2 = level1(image, mode)
    let stride4 = level2Down(stride2, image: quarter, mode)
    let stride8 = level3.reduce(level3Down(stride4, image: eighth, mode)) { x, unit in unit(x, mode) }
    let stride16 = level4.reduce(level4Down(stride8, image: eighth.halved(), mode)) { x, unit in
      unit(x, mode)
    }
    return ESPNetv2Maps(stride2: stride2, stride4: stride4, stride8: stride8, stride16: stride16)
  }
}
