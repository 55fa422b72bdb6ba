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

/// The normalisation that a description asks for.
private enum Norm {
  case batch(BatchNorm)
  case frozen(FrozenBatchNorm)

  init(_ s: Scope, _ channels: Int, _ d: DeepLabV2.Description) {
    self =
      switch d.norm {
      case .batch:
        .batch(BatchNorm(s, channels, epsilon: d.epsilon, countsBatches: d.counters))
      case .frozen: .frozen(FrozenBatchNorm(s, channels, epsilon: d.epsilon))
      }
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch self {
    case .batch(let norm): norm(x, mode)
    case .frozen(let norm): norm(x)
    }
  }
}

/// Reduce, convolve, expand, around which the input is added: figure 5 of the ResNet paper.
private struct Bottleneck {
  private let conv1, conv2, conv3: Convolution
  private let bn1, bn2, bn3: Norm
  private let shortcut: (conv: Convolution, bn: Norm)?

  /// Shapes: [N, input, H, W] -> [N, 4 * width, H / stride, W / stride]. `projects` puts a 1x1 convolution
  /// beside the block.
  init(
    _ s: Scope, _ input: Int, width: Int, stride: Int, dilation: Int, projects: Bool,
    _ d: DeepLabV2.Description
  ) {
    let reduces = d.stride == .reduction
    conv1 = convolution(s / "conv1", input, width, kernel: 1, Window(stride: reduces ? stride : 1))
    bn1 = Norm(s / "bn1", width, d)
    conv2 = convolution(
      s / "conv2", width, width, kernel: 3,
      Window(stride: reduces ? 1 : stride, padding: dilation, dilation: dilation))
    bn2 = Norm(s / "bn2", width, d)
    conv3 = convolution(s / "conv3", width, 4 * width, kernel: 1)
    bn3 = Norm(s / "bn3", 4 * width, d)
    let side = s / "downsample"
    shortcut =
      projects
      ? (
        convolution(side / 0, input, 4 * width, kernel: 1, Window(stride: stride)),
        Norm(side / 1, 4 * width, d)
      ) : nil
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let narrow = bn2(conv2(bn1(conv1(x), mode).relu()), mode).relu()
    let y = bn3(conv3(narrow), mode)
    guard let shortcut else { return (y + x).relu() }
    return (y + shortcut.bn(shortcut.conv(x), mode)).relu()
  }
}

/// What stands before the first block: one 7x7 convolution, or three 3x3 ones.
private struct Stem {
  private let stages: [(conv: Convolution, bn: Norm)]

  /// Shapes: [N, 3, H, W] -> [N, width, H / 2, W / 2].
  init(_ root: Scope, _ d: DeepLabV2.Description) {
    switch d.stem {
    case .plain:
      stages = [
        (
          convolution(root / "conv1", 3, d.width, kernel: 7, Window(stride: 2, padding: 3)),
          Norm(root / "bn1", d.width, d)
        )
      ]
    case .deep:
      let (s, half) = (root / "stem", d.width / 2)
      stages = [(3, half, 2), (half, half, 1), (half, d.width, 1)].enumerated().map { index, layer in
        (
          convolution(s / (3 * index), layer.0, layer.1, kernel: 3, Window(stride: layer.2, padding: 1)),
          Norm(s / (3 * index + 1), layer.1, d)
        )
      }
    }
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    stages.reduce(x) { x, stage in stage.bn(stage.conv(x), mode).relu() }
  }
}

/// A ResNet of bottlenecks whose last two stages are dilated, so that it ends at stride 8.
///
/// Shapes: [N, 3, H, W] -> [N, 16 width, H / 8, W / 8] of `layer3` and [N, 32 width, H / 8, W / 8] of
/// `layer4`.
/// Source: He et al. 2016, arXiv 1512.03385; dilation as in DeepLab, arXiv 1606.00915, section 3.1.
struct ResNet: DeepLabBody {
  private let stem: Stem
  private let stages: [[Bottleneck]]
  private let ceil: Bool

  init(_ root: Scope, depths: [Int], _ d: DeepLabV2.Description) {
    stem = Stem(root, d)
    ceil = d.ceil
    var input = d.width
    var stages: [[Bottleneck]] = []
    for (stage, (stride, dilation)) in zip([1, 2, 1, 1], [1, 1, 2, 4]).enumerated() {
      let (width, scope) = (d.width << stage, root / "layer\(stage + 1)")
      let first = d.contracted ? max(1, dilation / 2) : dilation
      var blocks = [
        Bottleneck(scope / 0, input, width: width, stride: stride, dilation: first, projects: true, d)
      ]
      input = 4 * width
      for block in 1..<depths[stage] {
        blocks.append(
          Bottleneck(
            scope / block, input, width: width, stride: 1, dilation: dilation, projects: false, d))
      }
      stages.append(blocks)
    }
    self.stages = stages
  }

  func callAsFunction(_ image: Tensor, _ mode: Mode) -> (features: Tensor, last: Tensor) {
    let start = stem(image, mode).maxPooled(kernel: 3, Window(stride: 2, padding: 1), ceil: ceil)
    func run(_ x: Tensor, _ stage: Int) -> Tensor { stages[stage].reduce(x) { x, block in block(x, mode) } }
    let features = run(run(run(start, 0), 1), 2)
    return (features, run(features, 3))
  }
}
