// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A few of the target images, the same for every network that is asked about them without a label.
struct ProbeImages {
  /// Images that networks are asked about.
  private static let asked = 32
  /// Images from which statistics are estimated.
  private static let estimated = 64
  /// Images whose statistics are taken together.
  private static let batch = 4

  private let images: [RGBImage]
  private let observer: RunObserver

  /// - `size`: the input size.
  /// - `exposure`: what the images are brought to first; nil for their own.
  /// - `observer`: its signal ends what is done with them.
  init(
    _ images: ImageList, at size: PixelSize, _ exposure: Exposure?, seed: UInt64, _ observer: RunObserver
  ) throws {
    var generator = SeededGenerator(seed: seed, purpose: "label scales")
    let order = Array(generator.permutation(images.count).prefix(Self.estimated))
    let reader = images.readAhead(order)
    defer { reader.stop() }
    self.images = try order.flatMap { _ in
      try observer.checkStop()
      return try reader.next().map { $0.exposed(exposure).resizedBicubic(to: size) }
    }
    self.observer = observer
  }

  /// How a network with stored statistics does on the first 32 of them. Only predicts from then on.
  func score(of network: any Segmenter) throws -> ProbeScore {
    network.store.seal()
    return ProbeScore(
      images: try images.prefix(Self.asked).map { image in
        try observer.checkStop()
        var score = LabelFreeScore(classCount: network.classCount)
        withoutGradients { score.add(network, network.input([image])) }
        return score
      })
  }

  /// Estimates a network's normalization statistics anew on all of them.
  func estimateStatistics(of network: any Segmenter) throws {
    let count = min(Self.batch, images.count)
    try reestimateStatistics(of: network, batches: max(1, images.count / Self.batch)) { index in
      try observer.checkStop()
      return network.input(Array(images[(index * count)..<((index + 1) * count)]))
    }
  }
}
