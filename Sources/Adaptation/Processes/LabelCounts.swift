// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// How many pixels of each label a step has: in this process's part of the batch, and in all of it.
package struct LabelCounts {
  /// float64 [256], on the CPU.
  private let own: Tensor
  /// The same over all processes.
  package let all: Tensor
  /// How many images the whole batch has.
  package let images: Double

  /// Shapes: int64 labels [N, H, W].
  ///
  /// - `group`: the processes that share the batch; nil for a process by itself.
  package init(_ labels: Tensor, over group: ProcessGroup? = nil) {
    let shape = labels.shape
    own = labels.histogram(bins: 256).to(.float64, on: .cpu)
    if let group {
      all = own.copy()
      group.sum(all)
    } else {
      all = own
    }
    images = all.sum().item / Double(shape[1] * shape[2])
  }

  /// The part of the batch's pixels that are this process's: what a mean over them weighs in the mean over all.
  package var share: Double { part { $0.sum() } }

  /// The same among the pixels that are not ignored; 0 where all are.
  package var countedShare: Double { part { $0.slice(0..<255, along: 0).sum() } }

  /// The part that this process's pixels have in a mean in which each counts with its class's weight [C], and ignored
  /// ones do not; 0 where all are ignored.
  package func share(weighted classWeights: Tensor?) -> Double {
    guard let classWeights else { return countedShare }
    let weights = classWeights.to(.float64, on: .cpu)
    return part { ($0.slice(0..<weights.shape[0], along: 0) * weights).sum() }
  }

  private func part(_ sum: (Tensor) -> Tensor) -> Double {
    let everybodys = sum(all).item
    return everybodys > 0 ? sum(own).item / everybodys : 0
  }
}
