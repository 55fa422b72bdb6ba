// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// A network of one convolution and one normalisation that notes how it is run.
final class StubSegmenter: Segmenter {
  let name = "stub"
  let variant = "one layer"
  let store = ParameterStore(seed: 7)
  let classCount = 3
  let outputStride = 2
  let sizeMultiple = 2
  let normalisation = Normalisation.imageNet
  /// The mode of each forward pass, in order.
  private(set) var modes: [Mode] = []

  private let body, head: Convolution
  private let norm: BatchNorm

  init() {
    let root = Scope(store)
    body = Convolution(root / "stem", 3, 4, kernel: 3, Window(stride: 2, padding: 1))
    norm = BatchNorm(root / "norm", 4)
    head = Convolution(root / "top", 4, 3, kernel: 1)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    modes.append(mode)
    let features = norm(body(images), mode)
    return Prediction(logits: head(features), features: features)
  }

  func isHead(_ parameter: String) -> Bool { parameter.hasPrefix("top.") }
  func isNormalisation(_ parameter: String) -> Bool { parameter.hasPrefix("norm.") }

  func copy() -> StubSegmenter {
    let twin = StubSegmenter()
    twin.store.copy(from: store)
    return twin
  }
}
