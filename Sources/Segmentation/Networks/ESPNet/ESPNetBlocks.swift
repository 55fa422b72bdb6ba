// SPDX-License-Identifier: Apache-2.0

import Torch

/// Normalisation and activation, `bn` and `act`; published weights were trained with epsilon 1e-3.
private func normAct(_ s: Scope, _ channels: Int) -> BatchNorm {
  BatchNorm(s / "bn", channels, epsilon: 1e-3, activation: .prelu(s / "act", channels))
}

/// A 3x3 convolution with normalisation and activation.
private struct ConvNormAct {
  private let conv: Convolution
  private let post: BatchNorm

  init(_ s: Scope, _ input: Int, _ output: Int, stride: Int = 1) {
    conv = Convolution(s / "conv", input, output, kernel: 3, Window(stride: stride, padding: 1))
    post = normAct(s, output)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { post(conv(x), mode) }
}

/// Reduce, five dilated branches, hierarchical sums, concatenation: the paper's figure 1.
/// Shapes: [N, in, H, W] -> [N, out, H / stride, W / stride].
private struct Pyramid {
  private let reduce: Convolution
  private let branches: [Convolution]

  init(_ s: Scope, _ input: Int, _ output: Int, stride: Int = 1) {
    let narrow = output / 5
    let (kernel, padding) = stride == 1 ? (1, 0) : (3, 1)
    reduce = Convolution(
      s / "c1" / "conv", input, narrow, kernel: kernel, Window(stride: stride, padding: padding))
    branches = [1, 2, 4, 8, 16].map { d in
      Convolution(
        s / "d\(d)" / "conv", narrow, d == 1 ? output - 4 * narrow : narrow, kernel: 3,
        Window(padding: d, dilation: d))
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let reduced = reduce(x)
    var parts = [branches[0](reduced), branches[1](reduced)]
    for branch in branches.dropFirst(2) { parts.append(parts[parts.count - 1] + branch(reduced)) }
    return Tensor.concatenated(parts, along: 1)
  }
}

/// A pyramid at half the size.
private struct DownSampler {
  private let pyramid: Pyramid
  private let post: BatchNorm

  init(_ s: Scope, _ input: Int, _ output: Int) {
    pyramid = Pyramid(s, input, output, stride: 2)
    post = normAct(s, output)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { post(pyramid(x), mode) }
}

/// A pyramid at the same size, plus its input where the channels agree and `residual` asks for it.
private struct ESPBlock {
  private let pyramid: Pyramid
  private let post: BatchNorm
  private let residual: Bool

  init(_ s: Scope, _ input: Int, _ output: Int, residual: Bool = true) {
    pyramid = Pyramid(s, input, output)
    post = normAct(s / "bn", output)
    self.residual = residual
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let y = pyramid(x)
    return post(residual ? x + y : y, mode)
  }
}

/// The maps of the encoder that the decoder reads.
struct ESPMaps {
  /// The stride-2 map under the decoder's last stage.
  let skip: Tensor
  /// [N, 131, H / 4, W / 4]
  let stride4: Tensor
  /// [N, 256, H / 8, W / 8]: the features that prototypes are made of.
  let stride8: Tensor
  /// [N, outputs, H / 8, W / 8]
  let scores: Tensor
}

/// Three levels, each seeing the image again at its own size.
struct ESPEncoder {
  private let level1: ConvNormAct
  private let b1, b2, b3: BatchNorm
  private let level2Down, level3Down: DownSampler
  private let level2, level3: [ESPBlock]
  private let classifier: Convolution
  private let skipIsB1: Bool

  init(_ s: Scope, _ d: ESPNet.Description) {
    level1 = ConvNormAct(s / "level1", 3, 16, stride: 2)
    b1 = normAct(s / "b1", 19)
    level2Down = DownSampler(s / "level2_0", 19, 64)
    level2 = (0..<d.p).map { ESPBlock(s / "level2" / $0, 64, 64) }
    b2 = normAct(s / "b2", 131)
    level3Down = DownSampler(s / "level3_0", 131, 128)
    level3 = (0..<d.q).map { ESPBlock(s / "level3" / $0, 128, 128) }
    b3 = normAct(s / "b3", 256)
    classifier = Convolution(s / "classifier" / "conv", 256, d.outputs, kernel: 1)
    skipIsB1 = d.skip == 19
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> ESPMaps {
    let image = images.inLayerLayout()
    let half = image.averagePooled(kernel: 3, Window(stride: 2, padding: 1))
    let quarter = half.averagePooled(kernel: 3, Window(stride: 2, padding: 1))
    let stem = level1(image, mode)
    let stride2 = b1(.concatenated([stem, half], along: 1), mode)
    let first2 = level2Down(stride2, mode)
    let last2 = level2.reduce(first2) { x, block in block(x, mode) }
    let stride4 = b2(.concatenated([last2, first2, quarter], along: 1), mode)
    let first3 = level3Down(stride4, mode)
    let last3 = level3.reduce(first3) { x, block in block(x, mode) }
    let stride8 = b3(.concatenated([first3, last3], along: 1), mode)
    return ESPMaps(
      skip: skipIsB1 ? stride2 : stem, stride4: stride4, stride8: stride8, scores: classifier(stride8))
  }
}

/// Scores brought up to the image's size, corrected on the way by the encoder's finer maps.
struct ESPDecoder {
  private let br: BatchNorm
  private let up3, up2, classifier: TransposedConvolution
  private let stride4Scores: Convolution
  private let combine, up2Post: BatchNorm
  private let combineBlock: ESPBlock
  private let conv: ConvNormAct

  init(_ s: Scope, _ d: ESPNet.Description) {
    let c = d.outputs
    let double = Window(stride: 2)
    stride4Scores = Convolution(s / "level3_C" / "conv", 131, c, kernel: 1)
    br = BatchNorm(s / "br", c, epsilon: 1e-3)
    conv = ConvNormAct(s / "conv", c + d.skip, c)
    up3 = TransposedConvolution(s / "up_l3" / "0", c, c, kernel: 2, double)
    combine = normAct(s / "combine_l2_l3" / "0", 2 * c)
    combineBlock = ESPBlock(s / "combine_l2_l3" / "1", 2 * c, c, residual: false)
    up2 = TransposedConvolution(s / "up_l2" / "0", c, c, kernel: 2, double)
    up2Post = normAct(s / "up_l2" / "1", c)
    classifier = TransposedConvolution(s / "classifier", c, c, kernel: 2, double)
  }

  func callAsFunction(_ maps: ESPMaps, _ mode: Mode) -> Tensor {
    let fromStride8 = up3(br(maps.scores, mode))
    let merged = combine(.concatenated([stride4Scores(maps.stride4), fromStride8], along: 1), mode)
    let stride2 = up2Post(up2(combineBlock(merged, mode)), mode)
    return classifier(conv(.concatenated([stride2, maps.skip], along: 1), mode))
  }
}
