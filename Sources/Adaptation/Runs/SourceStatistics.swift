// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import Torch

/// The normalisation statistics that a network came with, a share of which may stay where others are estimated.
///
/// Statistics of the target images belong to what these images show, too: where they show other things than the
/// source's rather than the same in other colours, some of the source's serve better.
///
/// Source: Schneider et al. 2020, "Improving robustness against common corruptions by covariate shift adaptation",
/// equation 3, where the share is N / (N + n).
package struct SourceStatistics {
  private let statistics: [Tensor]
  /// The share of them that stays, in 0 to 1; nil before it is chosen, and as long none stays.
  package private(set) var share: Double?

  /// What `share` is chosen from.
  static let candidates = [0, 0.25, 0.5, 0.75, 0.875, 1]

  /// The network's statistics as they are now.
  package init(of network: any Segmenter, share: Double?) {
    statistics = network.store.statistics.map { $0.copy() }
    self.share = share
  }

  /// Moves a network's statistics toward these by `share`.
  package func stay(in network: any Segmenter) {
    guard let share, share > 0 else { return }
    network.store.moveStatistics(toward: statistics, share: share)
  }

  /// Chooses, without a label, the share with which a network does best on a few images: see `LabelFreeScore`.
  ///
  /// - `network`: with statistics of the target images alone; it is left as it is.
  /// - Returns: the candidates with their scores, for people.
  mutating func chooseShare(for network: any Segmenter, on probe: ProbeImages) throws -> String {
    let found = try Self.candidates.map { candidate in
      let copy = network.copy()
      copy.store.moveStatistics(toward: statistics, share: candidate)
      return (share: candidate, score: try probe.score(of: copy).value)
    }
    guard let best = found.max(by: { $0.score < $1.score }) else { fatalError("there are candidates") }
    share = best.share
    return "\(best.share.settingText), by the scores "
      + found.map { "\($0.share.settingText): \(String(format: "%.3f", $0.score))" }.joined(separator: ", ")
  }
}
