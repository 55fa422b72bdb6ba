// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// What ranks states of one network on the same images without a label: the information of the predictions times
/// their agreement under mirroring.
///
/// Either factor fails alone. Information rises while new normalization statistics make the labels worse, for the
/// classes become more equal. Agreement is highest for a network that predicts few classes everywhere.
package struct LabelFreeScore: Sendable {
  /// The predictions on the whole.
  private(set) var mean: MeanPrediction
  private var mirrored: GeometricConsistency

  init(classCount: Int) {
    mean = MeanPrediction(classCount: classCount)
    mirrored = GeometricConsistency(classCount: classCount)
  }

  /// Adds an image. Shapes: a network input [1, 3, H, W].
  mutating func add(_ network: any Segmenter, _ input: Tensor) {
    let logits = network(input, .evaluation).logits
    mean.add(logits.softmax(1))
    let changed = network(input.flipped(along: 3), .evaluation).logits.flipped(along: 3)
    mirrored.add(plain: logits.argmax(1), changed: changed.argmax(1))
  }

  /// The mean IoU between the class maps of images and those of the mirrored images; 0 before the first.
  package var agreement: Double { mirrored.value ?? 0 }

  /// Larger is better.
  package var value: Double { mean.information * agreement }
}
