// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Segmentation
import Torch

extension AdaptationSettings {
  /// The share of the source's statistics that may be left in those that the steps move.
  private static let mostLeft = 0.05

  /// Whether the student learns by the statistics of its batches, and its passes move the stored ones.
  private var learnsByBatches: Bool {
    method.takesSteps && steps > 0 && learning.studentNorm == .batch
  }

  /// Settles which normalisation statistics the adapted network has, where that was left open: those that it
  /// learns with. A student that learns by its batches' statistics moves the stored ones by the layers' momentum;
  /// where that is too small for the number of steps, they are estimated anew over the target images at the end,
  /// and the network is saved and judged with them.
  ///
  /// - Returns: what to tell where they are.
  mutating func resolveFinalStatistics(for network: any Segmenter, _ crop: PixelSize) -> String? {
    guard finalStatistics == nil else { return nil }
    finalStatistics = .source
    guard learnsByBatches, let kept = network.statisticsKept(by: crop) else { return nil }
    let left = pow(kept, Double(steps))
    guard left > Self.mostLeft else { return nil }
    finalStatistics = .target
    return "the network ends with normalisation statistics of the target images: by its momentum of "
      + "\(String(format: "%.3g", 1 - kept)), \(steps) steps leave \(Int((100 * left).rounded())) % of the source's in "
      + "the stored ones, which the student does not learn with (batch_norm.final=source keeps them)"
  }

  /// Which normalisation statistics the adapted network of a run has, in a word: of the source, moved by the steps
  /// ("running"), or of the target images.
  ///
  /// - Precondition: the settings are those of a run, resolved.
  package var statisticsWord: String {
    if finalStatistics == .target { return "target" }
    if learnsByBatches { return "running" }
    return initialStatistics.rawValue
  }
}

extension Segmenter {
  /// The share of the stored statistics that stays through a training pass, in the layer where it is largest: 1 less
  /// the momentum. nil where no layer normalises by batches.
  ///
  /// Layers do not tell their momentum, and modules compute it. So a pass moves statistics that were put far away,
  /// and what is left of the distance is the share. The network is afterwards as it was.
  func statisticsKept(by size: PixelSize) -> Double? {
    guard hasBatchStatistics else { return nil }
    let before = BufferCopy(of: store)
    defer { before.restore() }
    let images = Tensor.zeros([2, 3, size.height, size.width], on: store.device)
    let stored = store.statistics.map { $0.copy() }
    withoutGradients { _ = self(images, .estimating(share: 1)) }
    let moves = zip(store.statistics, stored).map { now, then in
      let moved = now - then
      return (moved * moved).sum().item > 0
    }
    let far = 1e12
    let start = zip(moves, stored).map { $0 ? Tensor.full(far, $1.shape, on: $1.device) : $1 }
    store.moveStatistics(toward: start, share: 1)
    withoutGradients { _ = self(images, .training) }
    return zip(moves, store.statistics).compactMap { $0 ? $1.mean().item / far : nil }.max()
  }
}
