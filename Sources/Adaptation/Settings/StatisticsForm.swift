// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How batches enter normalisation statistics that are estimated anew.
public enum StatisticsForm: String, SettingChoice {
  /// Their mean; nothing of the source's statistics stays.
  case mean
  /// A running mean of momentum 0.1, as training passes keep it, from the source's.
  case running
  /// A running mean whose momentum decays, so that a share of the source's statistics stays.
  ///
  /// Source: Klingner et al. 2022 (UBNA), "Unsupervised BatchNorm Adaptation": `0.1 exp(-0.08 k)` at batch k.
  case blend

  /// The share of batch k (from 0).
  func share(of batch: Int) -> Double {
    switch self {
    case .mean: 1 / Double(batch + 1)
    case .running: 0.1
    case .blend: 0.1 * exp(-0.08 * Double(batch))
    }
  }
}
