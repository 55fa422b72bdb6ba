// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation

extension AdaptationSettings {
  /// What to tell of a network without layers that normalise by batches: the settings that change nothing; nil for
  /// others.
  ///
  /// - Throws: `Problem` where the method does nothing but estimate statistics.
  func noteOnStatistics(of network: any Segmenter) throws -> String? {
    guard !network.hasBatchStatistics else { return nil }
    guard method != .batchnorm else {
      throw Problem(
        "cannot adapt by adabn", at: network.name,
        because:
          "no layer of the network normalises by the statistics of batches, so there are none to estimate",
        remedy: "choose another --method: tent trains the weights and biases of its normalisations")
    }
    return
      "no layer of the network normalises by the statistics of batches: batch_norm.initial, "
      + "batch_norm.final, batch_norm.student, teacher.batch_norm, batch_norm.update_pass and batch_norm.sync change nothing"
  }
}
