// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import Torch

/// Times the making of training views: reading, decoding, resizing, cropping and colours, without a network.
public struct DataTiming {
  /// What `benchmark data --json` writes.
  public struct Result: Encodable {
    /// Images whose views were made.
    public let images: Int
    /// How long all of them took.
    public let seconds: Double
    /// Images over seconds.
    public let imagesPerSecond: Double
    /// Threads that made them.
    public let workers: Int
    /// Of the whole process.
    public let peakResidentBytes: Int
  }

  private let maker: TargetViewMaker
  private let normalisation: Normalisation

  /// A timing of a maker's views, normalised for a network.
  public init(_ maker: TargetViewMaker, _ normalisation: Normalisation) {
    (self.maker, self.normalisation) = (maker, normalisation)
  }

  /// Makes batches, as network inputs, in background threads as `adapt` does.
  public func run(batches: Int, of size: Int, workers: Int, seed: UInt64) throws -> Result {
    let order = BatchOrder(count: maker.images.count, batchSize: size, seed: seed)
    let unreadable = UnreadableFiles(most: 0, observer: RunObserver())
    let loader = maker.loader(order, workers: workers, replacing: unreadable.most)
    defer { loader.stop() }
    let started = ContinuousClock.now
    for _ in 0..<batches {
      let views = try unreadable.samples(of: loader.next())
      for kind in [\TargetViews.image, \.scaled, \.augmented] {
        _ = normalisation.batch(views.map { $0[keyPath: kind] })
      }
      _ = labels(views.map(\.label))
    }
    let seconds = (ContinuousClock.now - started).seconds
    return Result(
      images: batches * size, seconds: seconds, imagesPerSecond: Double(batches * size) / seconds,
      workers: workers, peakResidentBytes: ProcessMemory.peak)
  }
}
