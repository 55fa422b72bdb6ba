// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// The unlabelled images as batches of training views. It has no way to a label file.
final class TargetStream {
  private let loader: BatchLoader<ReadableSample<TargetViews>>
  private let network: any Segmenter
  private let unreadable: UnreadableFiles

  init(
    _ maker: TargetViewMaker, _ settings: AdaptationSettings, _ unreadable: UnreadableFiles,
    network: any Segmenter, startingAt step: Int, part: Range<Int>?
  ) {
    let order = BatchOrder(
      count: maker.images.count, batchSize: settings.batch, seed: settings.seed, part: part)
    loader = maker.loader(order, workers: settings.workers, replacing: unreadable.most).startingAt(step)
    self.network = network
    self.unreadable = unreadable
  }

  /// The next batch, and the files of its images.
  func next() throws -> (batch: TargetBatch, paths: [String]) {
    let views = try unreadable.samples(of: loader.next())
    let batch = TargetBatch(
      images: network.input(views.map(\.image)), scaled: network.input(views.map(\.scaled)),
      augmented: network.input(views.map(\.augmented)),
      pseudoLabels: labels(views.map(\.label)).to(network.store.device), seeds: views.map(\.seed))
    return (batch, views.map(\.path))
  }

  var secondsWaited: Double { loader.secondsWaited }

  func stop() { loader.stop() }
}

extension TargetImages {
  /// The images of a list at the network's input size: those of some indices.
  init(_ images: ImageList, _ indices: [Int], at size: PixelSize, for network: any Segmenter) {
    self.init(count: indices.count) { body in
      let reader = images.readAhead(indices)
      defer { reader.stop() }
      for _ in indices {
        for image in try reader.next() { try body(network.input([image.resizedBicubic(to: size)])) }
      }
    }
  }
}
