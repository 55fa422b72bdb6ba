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

  /// What a network with stored statistics predicts for them on the whole. Only predicts from then on.
  func mean(of network: any Segmenter) throws -> MeanPrediction {
    network.store.seal()
    var mean = MeanPrediction(classCount: network.classCount)
    for image in images {
      try observer.checkStop()
      withoutGradients { mean.add(network(network.input([image]), .evaluation).logits.softmax(1)) }
    }
    return mean
  }
}
