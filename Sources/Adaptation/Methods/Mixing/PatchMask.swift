// SPDX-License-Identifier: Apache-2.0

import Torch

/// Square patches of an image put to its mean colour, so that what is there must be told from what is around.
///
/// Source: Hoyer et al. 2023 (MIC), masked image consistency.
package struct PatchMask {
  /// The share of patches that are hidden.
  package let ratio: Double
  /// The side of a patch in pixels.
  package let patch: Int

  package init(ratio: Double, patch: Int) {
    (self.ratio, self.patch) = (ratio, patch)
  }

  /// Normalised images [N, 3, H, W] with patches at 0.
  ///
  /// - `seeds`: an image's number each, which decides the patches that are hidden.
  package func callAsFunction(_ images: Tensor, seeds: [UInt64]) -> Tensor {
    let shape = images.shape
    let (rows, columns) = ((shape[2] + patch - 1) / patch, (shape[3] + patch - 1) / patch)
    let shown = (0..<shape[0]).map { i in
      TensorGenerator(seed: seeds[i]).uniform([1, 1, rows, columns]).isLess(than: ratio).not().to(.float32)
    }
    let mask = Tensor.concatenated(shown, along: 0).to(images.device)
    return images * mask.resizedNearest(height: shape[2], width: shape[3])
  }
}
