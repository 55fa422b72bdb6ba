// SPDX-License-Identifier: Apache-2.0

import Torch

/// Weights that keep rare classes from being forgotten, from the pseudo-labels of each batch.
///
/// `rare = 7` for a class of fewer than `rarePixels` pixels an image; `often = 0.9 often + 0.1 absent` over
/// the run, `absent = 7` for a class without a pixel, from 1; the weight is their product.
/// Source: Cao et al. 2024, the released code's class balance.
package struct ClassWeights {
  private let classCount: Int
  private let rarePixels: Int?
  private let rareWeight: Double
  /// [C], on the CPU.
  package private(set) var often: Tensor

  package init(classCount: Int, rarePixels: Int?, rareWeight: Double) {
    self.classCount = classCount
    self.rarePixels = rarePixels
    self.rareWeight = rareWeight
    often = .ones([classCount])
  }

  /// The weights for a step's labels [N, H, W], of which a process by itself has all.
  ///
  /// - Returns: float32 [C] on the CPU.
  package mutating func update(_ labels: Tensor) -> Tensor {
    update(LabelCounts(labels), pixels: labels.shape[1] * labels.shape[2])
  }

  /// The weights for a step's counts of labels, over images of so many pixels.
  ///
  /// - Returns: float32 [C] on the CPU.
  package mutating func update(_ step: LabelCounts, pixels: Int) -> Tensor {
    let limit = rarePixels.map(Double.init) ?? Double(pixels) / 32
    let counts = step.all.slice(0..<classCount, along: 0)
    let rare = weight(where: counts.isLess(than: limit * step.images))
    often = 0.9 * often + 0.1 * weight(where: counts.equals(0))
    return rare * often
  }

  package mutating func restore(often stored: Tensor) {
    often = stored
  }

  private func weight(where condition: Tensor) -> Tensor {
    condition.to(.float32) * (rareWeight - 1) + 1
  }
}
