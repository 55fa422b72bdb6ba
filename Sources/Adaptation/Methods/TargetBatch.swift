// SPDX-License-Identifier: Apache-2.0

import Torch

/// One step's images of the target domain, as networks take them, with the source network's labels for them.
///
/// There is no room here for a true label: adaptation cannot see one.
public struct TargetBatch {
  /// Plain crops: what the teacher sees. [N, 3, H, W]
  public let images: Tensor
  /// Crops at a random scale: what the source network sees. [N, 3, H, W]
  public let scaled: Tensor
  /// `scaled` in other colours: what the student sees. [N, 3, H, W]
  public let augmented: Tensor
  /// Classes that the source network gave to `scaled`'s pixels; int64 [N, H, W].
  public let pseudoLabels: Tensor
  /// A number for each image, which decides what a method draws for it.
  public let seeds: [UInt64]

  /// A batch of tensors of equal sizes; without seeds, an image's is its place.
  public init(
    images: Tensor, scaled: Tensor, augmented: Tensor, pseudoLabels: Tensor, seeds: [UInt64]? = nil
  ) {
    self.images = images
    self.scaled = scaled
    self.augmented = augmented
    self.pseudoLabels = pseudoLabels
    self.seeds = seeds ?? (0..<UInt64(images.shape[0])).map { $0 }
  }
}
