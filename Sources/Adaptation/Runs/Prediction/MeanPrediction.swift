// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// What predictions are like on the whole: the mean of their class distributions, and their mean entropy.
package struct MeanPrediction: Sendable {
  private var sums: [Double]
  private var entropies = 0.0
  private var count = 0

  package init(classCount: Int) {
    sums = [Double](repeating: 0, count: classCount)
  }

  /// Adds an image's probabilities [1, C, H, W].
  package mutating func add(_ probabilities: Tensor) {
    for (i, value) in probabilities.mean(0, 2, 3).scalars(as: Float.self).enumerated() {
      sums[i] += Double(value)
    }
    entropies += entropyMap(probabilities).mean().item
    count += 1
  }

  /// Adds the images of another one.
  mutating func add(_ other: MeanPrediction) {
    for (i, value) in other.sums.enumerated() { sums[i] += value }
    entropies += other.entropies
    count += other.count
  }

  /// The mean probability of each class.
  package var shares: [Double] { sums.map { $0 / Double(max(1, count)) } }
  /// The mean entropy of a pixel's class distribution, in nats.
  package var meanEntropy: Double { entropies / Double(max(1, count)) }
  /// The entropy of the mean distribution less the mean entropy, in nats: small where predictions are unsure, and
  /// where they are the same everywhere.
  ///
  /// Source: Krause, Perona and Gomes 2010, regularised information maximisation.
  package var information: Double {
    let overall = Tensor(shares.map { Float($0) }, shape: [1, sums.count, 1, 1])
    return withoutGradients { entropyMap(overall).mean().item } - meanEntropy
  }
}
