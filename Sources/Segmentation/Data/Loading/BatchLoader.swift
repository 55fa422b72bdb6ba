// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Makes batches of samples in background threads, ahead of the training that takes them.
///
/// The batches depend on the order and the maker alone: not on the number of workers, nor on which of them is
/// faster. Workers start at the first `next()` and end at `stop()` or when the loader is let go.
public final class BatchLoader<Sample: Sendable>: Sendable {
  /// Makes one sample; the generator belongs to that sample alone.
  public typealias Maker = @Sendable (SampleRequest, inout SeededGenerator) throws -> Sample

  /// Which samples make up which batch.
  public let order: BatchOrder
  /// Threads that make samples.
  public let workers: Int
  /// Batches that may be made ahead.
  public let queueDepth: Int
  private let maker: Maker
  private let queue: SampleQueue<Sample>

  /// - `workers`: how many threads make samples; with 0 the caller of `next()` makes them.
  /// - `queueDepth`: how many batches may be made ahead of the one asked for; at least 1.
  /// - `batch`: the number of the first batch.
  public init(
    order: BatchOrder, workers: Int, queueDepth: Int = 2, startingAt batch: Int = 0, maker: @escaping Maker
  ) {
    guard workers >= 0, queueDepth >= 1, batch >= 0 else {
      fatalError("no loader with \(workers) workers, queue depth \(queueDepth) and first batch \(batch)")
    }
    self.order = order
    self.workers = workers
    self.queueDepth = queueDepth
    self.maker = maker
    queue = SampleQueue(order: order, workers: workers, depth: queueDepth, first: batch, maker: maker)
  }

  /// A loader of the same batches that starts at the batch of a number, as a resumed run needs.
  public func startingAt(_ batch: Int) -> BatchLoader {
    BatchLoader(order: order, workers: workers, queueDepth: queueDepth, startingAt: batch, maker: maker)
  }

  deinit { queue.stop(waiting: false) }

  /// The next batch: this process's part of it, in order.
  ///
  /// It waits until the batch is made. Callers in several threads get different batches.
  /// - Throws: the error of the batch's first sample that could not be made, here and from then on;
  ///   `CancellationError` after `stop()`.
  public func next() throws -> [Sample] { try queue.next() }

  /// The number of the batch that `next()` gives.
  public var position: Int { queue.position }

  /// The seconds that all calls of `next()` took together: what training lost waiting for data.
  public var secondsWaited: Double { queue.secondsWaited }

  /// Ends the workers and returns when all have ended. No maker may call it.
  public func stop() { queue.stop(waiting: true) }
}
