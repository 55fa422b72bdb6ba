// SPDX-License-Identifier: Apache-2.0

import Torch

/// DeepLabV2's classifier: 3x3 convolutions of growing dilation side by side, summed.
///
/// Shapes: [N, in, H, W] -> [N, outputs, H, W].
/// Source: Chen et al. 2018, "DeepLab", arXiv 1606.00915, section 3.2 (ASPP-L).
struct ASPP {
  static let dilations = [6, 12, 18, 24]

  private let sum: DilatedSum

  /// Declares all four branches as `conv2d_list.N`; only the first `summed` of them are used.
  init(_ s: Scope, _ input: Int, _ output: Int, summed: Int) {
    let all = Self.dilations.enumerated().map { index, dilation in
      Convolution(
        s / "conv2d_list" / index, input, output, kernel: 3, Window(padding: dilation, dilation: dilation),
        bias: true, start: .normal(deviation: 0.01))
    }
    sum = DilatedSum(Array(all.prefix(summed)))
  }

  func callAsFunction(_ x: Tensor) -> Tensor { sum(x) }
}
