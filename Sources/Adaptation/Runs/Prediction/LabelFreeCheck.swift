// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// What a network's predictions on a few images say of themselves, without a label.
///
/// Weights under a wrong reading (the colour convention, the place of a stride) load without complaint and
/// predict badly. Such predictions are unsure of each pixel or alike on all of them.
public struct LabelFreeCheck: Sendable {
  /// The mean entropy of a pixel's class distribution, in nats: large where the network is unsure.
  public let meanEntropy: Double
  /// The entropy of the mean distribution less the mean entropy, in nats: small where the network is unsure,
  /// and where it says the same everywhere.
  ///
  /// Source: Krause, Perona and Gomes 2010, regularised information maximisation.
  public let information: Double
  /// The share of pixels whose class stays the same when the image is mirrored.
  public let mirrorAgreement: Double
  /// The share of pixels predicted as each class.
  public let histogram: [Double]
  /// Each image's own plausibility.
  public let plausibilities: [Double]

  /// Asks a network about images, all of one size that it takes.
  ///
  /// - `normalisation`: how the images are given, whatever the network says of itself.
  /// - `mode`: with which normalisation statistics; `.evaluation` for the stored, `.batchStatistics` for each image's.
  public init(
    _ network: any Segmenter, images: [RGBImage], normalisation: Normalisation, mode: Mode = .evaluation
  ) {
    var (agreement, own) = (0.0, [Double]())
    var mean = MeanPrediction(classCount: network.classCount)
    var counts = [Double](repeating: 0, count: network.classCount)
    withoutGradients {
      for image in images {
        func probabilities(_ image: RGBImage) -> Tensor {
          network(normalisation.batch([image]).to(network.store.device), mode).logits.softmax(1)
        }
        let plain = probabilities(image)
        let classes = plain.argmax(1)
        let alike = classes.equals(probabilities(image.mirrored()).flipped(along: 3).argmax(1)).to(.float32)
          .mean()
          .item
        agreement += alike
        mean.add(plain)
        var alone = MeanPrediction(classCount: network.classCount)
        alone.add(plain)
        own.append(alone.information * alike)
        let shares = classes.reshaped(classes.elementCount).histogram(bins: network.classCount).to(.float32)
        Self.add(shares * (1 / Double(classes.elementCount)), to: &counts)
      }
    }
    let count = Double(max(1, images.count))
    meanEntropy = mean.meanEntropy
    mirrorAgreement = agreement / count
    histogram = counts.map { $0 / count }
    information = mean.information
    plausibilities = own
  }

  /// How plausible the predictions are, for comparing readings of the same weights on the same images.
  public var plausibility: Double { information * mirrorAgreement }

  private static func add(_ values: Tensor, to sums: inout [Double]) {
    for (i, value) in values.scalars(as: Float.self).enumerated() { sums[i] += Double(value) }
  }
}
