// SPDX-License-Identifier: Apache-2.0

import Segmentation

/// What of a network learns.
public enum TrainedParameters: String, SettingChoice {
  /// Everything but the normalisation layers' weights and biases.
  case weights
  /// The normalisation layers' weights and biases alone.
  case normalisation = "norm"
  /// Everything.
  case all
}

extension Segmenter {
  func setTrained(_ trained: TrainedParameters) {
    store.setTrainable(true)
    switch trained {
    case .weights: freezeNormalisation()
    case .normalisation: store.setTrainable(false) { !isNormalisation($0) }
    case .all: break
    }
  }
}
