// SPDX-License-Identifier: Apache-2.0

import Torch

/// How far the source network's labels can be trusted, a pixel: near 1 where one class clearly wins.
///
/// Shapes: source logits at the crop's size [N, C, H, W] -> [N, H, W]; nil where every pixel counts alike.
/// Source: Cao et al. 2024, the importance `1 - second / first`.
package func importanceMap(_ sourceLogits: Tensor, _ kind: IAPCSettings.Importance) -> Tensor? {
  if kind == .none { return nil }
  let scores = kind == .logits ? sourceLogits : sourceLogits.softmax(1)
  let top = scores.largest(2, along: 1).values
  func rank(_ i: Int) -> Tensor {
    top.slice(i..<i + 1, along: 1).reshaped(top.shape[0], top.shape[2], top.shape[3])
  }
  switch kind {
  case .first: return rank(0)
  case .second: return 1 - rank(1)
  default: return 1 - rank(1) / rank(0)
  }
}
