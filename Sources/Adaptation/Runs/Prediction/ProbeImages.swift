// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A few of the target images, the same for every network that is asked about them without a label.
struct ProbeImages {
  private let images: [RGBImage]
  private let observer: RunObserver

  /// - `size`: the input size.
  /// - `exposure`: what the images are brought to first; nil for their own.
  /// - `observer`: its signal ends what is done with them.
  init(
    _ images: ImageList, at size: PixelSize, _ exposure: Exposure?, seed: UInt64, _ observer: RunObserver
  ) throws {
    let order = Self.order(32, of: images, seed: seed)
    let reader = images.readAhead(order)
    defer { reader.stop() }
    self.images = try order.flatMap { _ in
      try observer.checkStop()
      return try reader.next().map { $0.exposed(exposure).resizedBicubic(to: size) }
    }
    self.observer = observer
  }

  /// The positions of so many of the images; fewer are the first of more.
  static func order(_ count: Int, of images: ImageList, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed, purpose: "label scales")
    return Array(generator.permutation(images.count).prefix(count))
  }

  /// How a network with stored statistics does on them. Only predicts from then on.
  func score(of network: any Segmenter) throws -> LabelFreeScore {
    network.store.seal()
    var score = LabelFreeScore(classCount: network.classCount)
    for image in images {
      try observer.checkStop()
      withoutGradients { score.add(network, network.input([image])) }
    }
    return score
  }
}
