// SPDX-License-Identifier: Apache-2.0

import Torch

/// VGG-16 without its last two poolings, its fifth stage dilated, and its first two full layers as dilated
/// convolutions.
///
/// Shapes: [N, 3, H, W] -> [N, 16 width, H / 8, W / 8], both as features and for the classifier.
/// Source: Simonyan and Zisserman 2015, arXiv 1409.1556; as DeepLab, arXiv 1606.00915, uses it.
struct VGG16: DeepLabBody {
  private enum Layer {
    case convolution(Convolution)
    case pool
  }

  private let layers: [Layer]

  /// Declares `features.N`, N counting convolutions, rectifiers and poolings alike.
  init(_ root: Scope, _ d: DeepLabV2.Description) {
    let w = d.width
    // Output width over `width` and dilation; nil is a pooling.
    let plan: [(Int, Int)?] =
      [(1, 1), (1, 1), nil, (2, 1), (2, 1), nil, (4, 1), (4, 1), (4, 1), nil]
      + [(8, 1), (8, 1), (8, 1), (8, 2), (8, 2), (8, 2), (16, 4), (16, 4)]
    var (layers, index, input): ([Layer], Int, Int) = ([], 0, 3)
    for item in plan {
      guard let (factor, dilation) = item else {
        layers.append(.pool)
        index += 1
        continue
      }
      let output = factor * w
      let deviation = (2 / Double(output * 9)).squareRoot()
      layers.append(
        .convolution(
          Convolution(
            root / "features" / index, input, output, kernel: 3,
            Window(padding: dilation, dilation: dilation), bias: true, start: .normal(deviation: deviation))))
      index += 2
      input = output
    }
    self.layers = layers
  }

  func callAsFunction(_ image: Tensor, _ mode: Mode) -> (features: Tensor, last: Tensor) {
    let last = layers.reduce(image) { x, layer in
      switch layer {
      case .convolution(let convolution): convolution(x).relu()
      case .pool: x.maxPooled(kernel: 2, Window(stride: 2))
      }
    }
    return (last, last)
  }
}
