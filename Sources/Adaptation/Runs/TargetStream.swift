// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// The unlabelled images as batches of training views. It has no way to a label file.
final class TargetStream {
  private let loader: BatchLoader<TargetViews>
  private let network: any Segmenter

  init(_ maker: TargetViewMaker, _ settings: AdaptationSettings, network: any Segmenter, startingAt step: Int)
  {
    let order = BatchOrder(count: maker.images.count, batchSize: settings.batch, seed: settings.seed)
    loader = maker.loader(order, workers: settings.workers).startingAt(step)
    self.network = network
  }

  func next() throws -> TargetBatch {
    let views = try loader.next()
    return TargetBatch(
      images: network.input(views.map(\.image)), scaled: network.input(views.map(\.scaled)),
      augmented: network.input(views.map(\.augmented)),
      pseudoLabels: labels(views.map(\.label)).to(network.store.device))
  }

  var secondsWaited: Double { loader.secondsWaited }

  func stop() { loader.stop() }
}

extension TargetImages {
  /// The images of a list at the network's input size.
  init(_ images: ImageList, at size: PixelSize, for network: any Segmenter) {
    self.init(count: images.count) { body in
      let reader = images.readAhead
      defer { reader.stop() }
      for _ in 0..<images.count {
        for image in try reader.next() { try body(network.input([image.resizedBicubic(to: size)])) }
      }
    }
  }
}
