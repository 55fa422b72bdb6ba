// SPDX-License-Identifier: Apache-2.0

import Torch

/// A convolution without bias, started for rectifiers.
///
/// Source: He et al. 2015, "Delving deep into rectifiers", section 2.2, over the outputs.
private func convolution(
  _ s: Scope, _ input: Int, _ output: Int, kernel: Int, _ window: Window = Window()
) -> Convolution {
  let deviation = (2 / Double(output * kernel * kernel)).squareRoot()
  return Convolution(s, input, output, kernel: kernel, window, start: .normal(deviation: deviation))
}

/// A convolution with the normalisation that a description asks for.
private func stage(
  _ convolution: Convolution, _ norm: Scope, _ channels: Int, _ d: DeepLabV2.Description,
  activation: Activation = .relu
) -> ConvolutionChain.Stage {
  let norm =
    switch d.norm {
    case .batch:
      BatchNorm(
        norm, channels, epsilon: d.epsilon, countsBatches: d.counters, activation: activation)
    case .frozen: BatchNorm(frozen: norm, channels, epsilon: d.epsilon, activation: activation)
    }
  return ConvolutionChain.Stage(convolution, norm)
}

/// Reduce, convolve, expand, around which the input is added: figure 5 of the ResNet paper.
///
/// Shapes: [N, input, H, W] -> [N, 4 * width, H / stride, W / stride]. `projects` puts a 1x1 convolution beside
/// the block.
private func bottleneck(
  _ s: Scope, _ input: Int, width: Int, stride: Int, dilation: Int, projects: Bool, _ d: DeepLabV2.Description
) -> ConvolutionChain {
  let reduces = d.stride == .reduction
  let reduce = convolution(s / "conv1", input, width, kernel: 1, Window(stride: reduces ? stride : 1))
  let first = stage(reduce, s / "bn1", width, d)
  let dilated = convolution(
    s / "conv2", width, width, kernel: 3,
    Window(stride: reduces ? 1 : stride, padding: dilation, dilation: dilation))
  let second = stage(dilated, s / "bn2", width, d)
  let third = stage(convolution(s / "conv3", width, 4 * width, kernel: 1), s / "bn3", 4 * width, d)
  guard projects else { return ConvolutionChain(in: s.store, [first, second, third], shortcut: .input) }
  let side = s / "downsample"
  let project = convolution(side / 0, input, 4 * width, kernel: 1, Window(stride: stride))
  return ConvolutionChain(
    in: s.store, [first, second, third],
    shortcut: .projection(stage(project, side / 1, 4 * width, d, activation: .none)))
}

/// What stands before the first block: one 7x7 convolution, or three 3x3 ones.
///
/// Shapes: [N, 3, H, W] -> [N, width, H / 2, W / 2].
private func stem(_ root: Scope, _ d: DeepLabV2.Description) -> [ConvolutionChain] {
  switch d.stem {
  case .plain:
    let first = convolution(root / "conv1", 3, d.width, kernel: 7, Window(stride: 2, padding: 3))
    return [ConvolutionChain(in: root.store, [stage(first, root / "bn1", d.width, d)])]
  case .deep:
    let (s, half) = (root / "stem", d.width / 2)
    return [(3, half, 2), (half, half, 1), (half, d.width, 1)].enumerated().map { index, layer in
      let next = convolution(
        s / (3 * index), layer.0, layer.1, kernel: 3, Window(stride: layer.2, padding: 1))
      return ConvolutionChain(in: s.store, [stage(next, s / (3 * index + 1), layer.1, d)])
    }
  }
}

/// A ResNet of bottlenecks whose last two stages are dilated, so that it ends at stride 8.
///
/// Shapes: [N, 3, H, W] -> [N, 16 width, H / 8, W / 8] of `layer3` and [N, 32 width, H / 8, W / 8] of
/// `layer4`.
/// Source: He et al. 2016, arXiv 1512.03385; dilation as in DeepLab, arXiv 1606.00915, section 3.1.
struct ResNet: DeepLabBody {
  private let start: [ConvolutionChain]
  private let stages: [[ConvolutionChain]]
  private let ceil: Bool

  init(_ root: Scope, depths: [Int], _ d: DeepLabV2.Description) {
    start = stem(root, d)
    ceil = d.ceil
    var input = d.width
    var stages: [[ConvolutionChain]] = []
    for (stage, (stride, dilation)) in zip([1, 2, 1, 1], [1, 1, 2, 4]).enumerated() {
      let (width, scope) = (d.width << stage, root / "layer\(stage + 1)")
      let first = d.contracted ? max(1, dilation / 2) : dilation
      var blocks = [
        bottleneck(scope / 0, input, width: width, stride: stride, dilation: first, projects: true, d)
      ]
      input = 4 * width
      for block in 1..<depths[stage] {
        blocks.append(
          bottleneck(
            scope / block, input, width: width, stride: 1, dilation: dilation, projects: false, d))
      }
      stages.append(blocks)
    }
    self.stages = stages
  }

  func callAsFunction(_ image: Tensor, _ mode: Mode) -> (features: Tensor, last: Tensor) {
    func run(_ x: Tensor, _ blocks: [ConvolutionChain]) -> Tensor {
      blocks.reduce(x) { x, block in block(x, mode) }
    }
    let pooled = run(image.inLayerLayout(), start).maxPooled(
      kernel: 3, Window(stride: 2, padding: 1), ceil: ceil)
    let features = stages.dropLast().reduce(pooled, run)
    return (features, run(features, stages[3]))
  }
}
