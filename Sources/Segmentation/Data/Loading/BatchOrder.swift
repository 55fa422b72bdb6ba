// SPDX-License-Identifier: Apache-2.0

import Files

/// Which items make up which batch: a function of the seed alone, so that a run that goes on from a position
/// sees what it would have seen.
///
/// Items are drawn epoch by epoch without replacement; a batch may span two epochs.
public struct BatchOrder: Equatable, Sendable {
  /// How many items there are.
  public let count: Int
  /// How many samples a batch has, over all processes.
  public let batchSize: Int
  /// What decides the shuffles.
  public let seed: UInt64
  /// Whether each epoch has an order of its own; otherwise items come in their own order.
  public let shuffled: Bool
  /// Which samples of each batch this process makes.
  public let part: Range<Int>

  /// - `part`: for a run of several processes, this one's samples of each batch; all by default.
  public init(count: Int, batchSize: Int, seed: UInt64, shuffled: Bool = true, part: Range<Int>? = nil) {
    let part = part ?? 0..<batchSize
    guard count >= 1, batchSize >= 1, !part.isEmpty, part.lowerBound >= 0, part.upperBound <= batchSize else {
      fatalError("no batches of \(batchSize) with the part \(part) of \(count) items")
    }
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
    self.shuffled = shuffled
    self.part = part
  }

  /// The items of an epoch in their order.
  public func items(ofEpoch epoch: Int) -> [Int] {
    guard shuffled else { return Array(0..<count) }
    var generator = SeededGenerator(seed: seed, purpose: "order", index: epoch)
    return generator.permutation(count)
  }

  /// The items of the first batches, and those that may take the places of unreadable ones, in rising order.
  ///
  /// - `spare`: items that may be unreadable.
  public func items(ofFirst batches: Int, spare: Int) -> [Int] {
    let (samples, isMany) = batches.multipliedReportingOverflow(by: batchSize)
    guard !isMany, samples < count - spare else { return Array(0..<count) }
    return items(ofEpoch: 0).prefix(samples + spare).sorted()
  }

  /// The request of the same sample for the item that follows in the epoch's order; after the last, the first.
  func replacement(of request: SampleRequest) -> SampleRequest {
    let place = (request.position + request.attempt + 1) % count
    return SampleRequest(
      index: items(ofEpoch: request.epoch)[place], epoch: request.epoch, position: request.position,
      attempt: request.attempt + 1)
  }
}

/// One sample to be made.
public struct SampleRequest: Equatable, Sendable {
  /// Which item, in 0 ..< count.
  public let index: Int
  /// How often the items have been gone through before.
  public let epoch: Int
  /// Which sample of the whole run it is, over all processes.
  public let position: Int
  /// How many items were tried for this sample before and could not be read.
  public let attempt: Int
}

/// Turns running numbers of samples into requests, keeping the order of the last epoch.
struct SampleCursor {
  let order: BatchOrder
  private var epoch = -1
  private var items: [Int] = []

  init(_ order: BatchOrder) {
    self.order = order
  }

  /// The request of one of this process's samples.
  mutating func request(batch: Int, offset: Int) -> SampleRequest {
    let position = batch * order.batchSize + order.part.lowerBound + offset
    let wanted = position / order.count
    if wanted != epoch { (epoch, items) = (wanted, order.items(ofEpoch: wanted)) }
    return SampleRequest(index: items[position % order.count], epoch: epoch, position: position, attempt: 0)
  }
}
