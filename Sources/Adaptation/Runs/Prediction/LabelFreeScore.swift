// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import Torch

/// What ranks states of one network on the same images without a label: the information of the predictions times
/// their agreement under changes of geometry.
///
/// Either factor fails alone. Information rises while new normalization statistics make the labels worse, for the
/// classes become more equal. Agreement is highest for a network that predicts few classes everywhere. Agreement under
/// mirroring alone prefers statistics that are too near the source's; at another scale it corrects that.
package struct LabelFreeScore: Sendable {
  /// The factor of an image's sides at the other scale.
  private static let scale = 0.75

  /// The predictions on the whole.
  private(set) var mean: MeanPrediction
  private var mirrored, scaled: GeometricConsistency

  init(classCount: Int) {
    mean = MeanPrediction(classCount: classCount)
    mirrored = GeometricConsistency(classCount: classCount)
    scaled = GeometricConsistency(classCount: classCount)
  }

  /// Adds an image. Shapes: a network input [1, 3, H, W].
  mutating func add(_ network: any Segmenter, _ input: Tensor) {
    let logits = network(input, .evaluation).logits
    let classes = logits.argmax(1)
    mean.add(logits.softmax(1))
    let changed = network(input.flipped(along: 3), .evaluation).logits.flipped(along: 3)
    mirrored.add(plain: classes, changed: changed.argmax(1))
    func length(_ axis: Int) -> Int {
      network.inputLength(nearest: Self.scale * Double(input.shape[axis]))
    }
    let smaller = network(
      input.resizedBilinear(height: length(2), width: length(3), alignCorners: false), .evaluation
    ).logits.resizedBilinear(height: logits.shape[2], width: logits.shape[3], alignCorners: false)
    scaled.add(plain: classes, changed: smaller.argmax(1))
  }

  /// Adds the images of another score.
  mutating func add(_ other: LabelFreeScore) {
    mean.add(other.mean)
    mirrored.add(other.mirrored)
    scaled.add(other.scaled)
  }

  /// The geometric mean of two agreements: the mean IoU between the class maps of images and those of the mirrored
  /// images, and of the images at 0.75 of their size; 0 before the first image.
  package var agreement: Double { ((mirrored.value ?? 0) * (scaled.value ?? 0)).squareRoot() }

  /// Larger is better.
  package var value: Double { mean.information * agreement }
}

/// How a network does on each of a few images.
struct ProbeScore {
  /// A score for each image by itself; at least one.
  let images: [LabelFreeScore]

  /// The score over all images.
  var whole: LabelFreeScore { Self.merged(images[...]) }

  /// Larger is better; 0 where the predictions are no numbers.
  var value: Double { Self.finite(whole) }

  /// How much larger the value is than another network's on the same images, and how sure that is.
  ///
  /// - Returns: the logarithm of the ratio of the two values, and the standard error over the images.
  ///
  /// Source of the error: the jackknife (Efron and Stein 1981, equation 1.4).
  func gain(over other: ProbeScore) -> (mean: Double, error: Double) {
    func ratio(_ own: LabelFreeScore, _ others: LabelFreeScore) -> Double {
      log(max(Self.finite(own), 1e-9) / max(Self.finite(others), 1e-9))
    }
    let count = Double(images.count)
    let left = images.count < 2 ? [] : images.indices.map { ratio(without($0), other.without($0)) }
    let mean = left.reduce(0, +) / max(1, count)
    let squares = left.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (ratio(whole, other.whole), ((count - 1) / count * squares).squareRoot())
  }

  private func without(_ index: Int) -> LabelFreeScore {
    Self.merged((images[..<index] + images[(index + 1)...])[...])
  }

  private static func merged(_ parts: ArraySlice<LabelFreeScore>) -> LabelFreeScore {
    guard var sum = parts.first else { fatalError("a score is of at least one image") }
    for part in parts.dropFirst() { sum.add(part) }
    return sum
  }

  private static func finite(_ score: LabelFreeScore) -> Double {
    let value = score.value
    return value.isFinite ? value : 0
  }
}
