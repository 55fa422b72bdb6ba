// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A scale at which images are labelled: a network with normalisation statistics of that scale, and what it says
/// of a few images without a label.
package struct LabelScale {
  /// The factor of the network's input size.
  package let factor: Double
  /// The network with its statistics at that scale.
  package let network: any Segmenter
  /// How the network does at that scale.
  package let score: LabelFreeScore
}

/// Networks at several scales, measured on a few of the target images.
///
/// Objects of another size than those of the source domain are met at another scale, and a network's statistics
/// belong to the scale at which they were estimated. Which scales suit the images is told without a label, by
/// `LabelFreeScore`.
package struct LabelScales {
  private let network: any Segmenter
  private let source: SourceStatistics?
  private let images: ImageList
  private let size: PixelSize
  private let settings: AdaptationSettings
  private let observer: RunObserver

  private var wanted: AdaptationSettings.PseudoLabels { settings.pseudoLabels }

  /// - `size`: the network's input size at scale 1.
  /// - `source`: statistics of which a share stays in those of each scale; nil for none.
  /// - `observer`: told of the images; its signal ends it.
  package init(
    _ network: any Segmenter, _ source: SourceStatistics?, _ images: ImageList, at size: PixelSize,
    _ settings: AdaptationSettings, _ observer: RunObserver
  ) {
    (self.network, self.source, self.images, self.size) = (network, source, images, size)
    (self.settings, self.observer) = (settings, observer)
  }

  /// The scales that are asked for, or, of the candidates, the three with the best score.
  package func chosen() throws -> [LabelScale] {
    let factors = wanted.scales ?? wanted.candidates
    observer.begin("scales", factors.count)
    let all = try factors.enumerated().map { index, factor in
      try observer.advanceOrStop(index)
      return try scale(factor)
    }
    observer.advance(factors.count)
    guard wanted.scales == nil else { return all }
    let best = all.sorted { $0.score.value > $1.score.value }.prefix(3)
    return best.sorted { $0.factor < $1.factor }
  }

  /// What probabilities are multiplied by so that rare classes are preferred: 1 over a class's mean probability at
  /// the scales, to a power. Shapes: -> [1, C, 1, 1].
  package static func factors(of scales: [LabelScale], power: Double) -> Tensor {
    let count = scales[0].network.classCount
    let means = (0..<count).map { c in
      scales.reduce(0) { $0 + $1.score.mean.shares[c] } / Double(scales.count)
    }
    // A class that is next to never predicted is no more likely for that.
    let factors = means.map { Float(pow(max($0, 1e-4), -power)) }
    return Tensor(factors, shape: [1, count, 1, 1]).to(scales[0].network.store.device)
  }

  private func scale(_ factor: Double) throws -> LabelScale {
    let copy = network.copy()
    let target = Predictor(copy, PredictionSettings()).inputSize(of: size, scale: factor)
    let probe = try ProbeImages(
      images, at: target, settings.exposure(for: network), seed: settings.seed, observer)
    if wanted.statistics == .scale {
      try probe.estimateStatistics(of: copy)
      source?.stay(in: copy)
    }
    return LabelScale(factor: factor, network: copy, score: try probe.score(of: copy).whole)
  }
}
