// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation
import Torch

/// Half of the classes of one image pasted over its neighbour in the batch, and the other way round.
///
/// Images 0 and 1, 2 and 3 and so on are neighbours; a last one without a neighbour stays as it is.
/// Source: Olsson et al. 2021 (ClassMix), as Tranheden et al. 2021 (DACS) choose the classes: half of those
/// that are there, rounded up.
package struct ClassMix {
  /// 1 where the neighbour's pixel is taken, else 0; float32 [N, 1, H, W].
  package let mask: Tensor
  /// The neighbour of each image; int64 [N].
  private let neighbours: Tensor

  /// - Parameters:
  ///   - labels: classes by which pixels are pasted, int64 [N, H, W]; ignored pixels stay.
  ///   - seeds: an image's number each, which decides the classes that are pasted over it.
  package init(_ labels: Tensor, seeds: [UInt64]) {
    let shape = labels.shape
    let (count, area) = (shape[0], shape[1] * shape[2])
    let others = (0..<count).map { $0 ^ 1 < count ? $0 ^ 1 : $0 }
    neighbours = Tensor(others.map(Int64.init), shape: [count]).to(labels.device)
    // One histogram of all images: the bins of image i begin at 256 i.
    let offsets = Tensor((0..<count).map { Int64(256 * $0) }, shape: [count, 1, 1]).to(labels.device)
    let pasted = (labels.selecting(neighbours, along: 0) + offsets).reshaped(count * area)
    let present = pasted.histogram(bins: 256 * count).to(.float32, on: .cpu).scalars(as: Float.self)
    var chosen = [Float](repeating: 0, count: 256 * count)
    for i in 0..<count where others[i] != i {
      let classes = (0..<ignoredLabel).filter { present[256 * i + $0] > 0 }
      var generator = SeededGenerator(seed: seeds[i], purpose: "class mix")
      for k in generator.permutation(classes.count).prefix((classes.count + 1) / 2) {
        chosen[256 * i + classes[k]] = 1
      }
    }
    mask = Tensor(chosen, shape: [256 * count]).to(labels.device).selecting(pasted, along: 0)
      .reshaped(count, 1, shape[1], shape[2])
  }

  /// Maps [N, C, H, W] mixed alike.
  package func callAsFunction(_ maps: Tensor) -> Tensor {
    maps + mask * (maps.selecting(neighbours, along: 0) - maps)
  }

  /// Labels, int64 [N, H, W], mixed alike.
  package func labels(_ labels: Tensor) -> Tensor {
    let shape = labels.shape
    let taken = mask.reshaped(shape[0], shape[1], shape[2]).to(.int64)
    return labels + taken * (labels.selecting(neighbours, along: 0) - labels)
  }
}
