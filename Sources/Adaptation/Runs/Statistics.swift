// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Estimates a network's normalisation statistics anew: each layer's become the mean over the batches.
///
/// No label is needed. Source: Li et al. 2018, "Adaptive batch normalization".
///
/// - `form`: how batches enter, where their mean is not wanted.
public func reestimateStatistics(
  of network: any Segmenter, batches: Int, form: StatisticsForm = .mean, _ next: (Int) throws -> Tensor
) throws {
  for index in 0..<batches {
    let images = try next(index)
    withoutGradients { _ = network(images, .estimating(share: form.share(of: index))) }
  }
}
