// SPDX-License-Identifier: Apache-2.0

import Torch

extension TargetBatch {
  /// Writes the batch for other programs: the entries of `iapc step --inputs`.
  public func write(to path: String) throws {
    let tensors = [
      (name: "images", tensor: images.stored), (name: "images_scaled", tensor: scaled.stored),
      (name: "images_augmented", tensor: augmented.stored),
      (name: "pseudo_labels", tensor: pseudoLabels.to(.uint8).stored),
    ]
    try CheckpointFile.write(Checkpoint(tensors: tensors), to: path)
  }
}
