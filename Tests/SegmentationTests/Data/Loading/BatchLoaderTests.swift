// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Testing

@Suite("Background loading of batches")
struct BatchLoaderTests {
  private struct Made: Equatable, Sendable {
    let request: SampleRequest
    let random: UInt64
  }

  private struct Broken: Error, Equatable { let position: Int }

  /// Counts what makers do, from any thread.
  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var total = 0
    var value: Int { lock.withLock { total } }
    func add(_ amount: Int = 1) { lock.withLock { total += amount } }
  }

  private func loader(
    count: Int = 10, batch: Int = 4, seed: UInt64 = 7, workers: Int, depth: Int = 2, part: Range<Int>? = nil,
    shuffled: Bool = true
  ) -> BatchLoader<Made> {
    let order = BatchOrder(count: count, batchSize: batch, seed: seed, shuffled: shuffled, part: part)
    return BatchLoader(order: order, workers: workers, queueDepth: depth) { request, generator in
      let random = generator.next()
      if random & 3 == 0 { Thread.sleep(forTimeInterval: 0.0005) }
      return Made(request: request, random: random)
    }
  }

  private func take(_ batches: Int, of loader: BatchLoader<Made>) throws -> [[Made]] {
    try (0..<batches).map { _ in try loader.next() }
  }

  @Test("the batches are the same for any number of workers and depth of the queue")
  func workers() throws {
    let expected = try take(12, of: loader(workers: 0))
    #expect(expected.allSatisfy { $0.count == 4 })
    for workers in 1...4 {
      for depth in [1, 3] { #expect(try take(12, of: loader(workers: workers, depth: depth)) == expected) }
    }
    #expect(try take(12, of: loader(seed: 8, workers: 0)) != expected)
  }

  @Test("each epoch has every item once, in an order of its own, across batches")
  func epochs() throws {
    let all = try take(10, of: loader(workers: 2)).flatMap { $0 }
    #expect(all.map(\.request.position) == Array(0..<40))
    let epochs = (0..<4).map { epoch in all[10 * epoch..<10 * epoch + 10].map(\.request) }
    for (number, epoch) in epochs.enumerated() {
      #expect(epoch.allSatisfy { $0.epoch == number })
      #expect(epoch.map(\.index).sorted() == Array(0..<10))
    }
    #expect(Set(epochs.map { $0.map(\.index) }).count == 4)
    #expect(Set(all.map(\.random)).count == 40)
  }

  @Test("without shuffling the items come in their own order")
  func unshuffled() throws {
    let all = try take(5, of: loader(workers: 1, shuffled: false)).flatMap { $0 }
    #expect(all.map(\.request.index) == (0..<20).map { $0 % 10 })
  }

  @Test("a batch may hold more samples than there are items")
  func smallSet() throws {
    let batch = try loader(count: 1, batch: 3, workers: 2).next()
    #expect(batch.map(\.request.epoch) == [0, 1, 2])
  }

  @Test("a run goes on from any batch as if it had not stopped")
  func resume() throws {
    let whole = try take(12, of: loader(workers: 1))
    let first = loader(workers: 2)
    #expect(first.position == 0)
    _ = try take(5, of: first)
    #expect(first.position == 5)
    for workers in [0, 2] {
      let resumed = loader(workers: workers).startingAt(first.position)
      #expect(try take(7, of: resumed) == Array(whole[5...]))
      #expect(resumed.position == 12)
    }
  }

  @Test("processes that share batches make the samples of one that does not")
  func parts() throws {
    let whole = try take(6, of: loader(workers: 0))
    let first = try take(6, of: loader(workers: 1, part: 0..<3))
    let second = try take(6, of: loader(workers: 2, part: 3..<4))
    #expect(zip(first, second).map { $0 + $1 } == whole)
  }

  @Test("an error comes with its batch, after the good ones before it, and stays", arguments: [0, 1, 3])
  func errors(workers: Int) throws {
    let order = BatchOrder(count: 10, batchSize: 4, seed: 1)
    let loader = BatchLoader<Int>(order: order, workers: workers, queueDepth: 4) { request, _ in
      if request.position == 8 { Thread.sleep(forTimeInterval: 0.005) }
      if request.position >= 9 { throw Broken(position: request.position) }
      return request.position
    }
    #expect(try loader.next() == [0, 1, 2, 3])
    #expect(try loader.next() == [4, 5, 6, 7])
    for _ in 0..<3 { #expect(throws: Broken(position: 9)) { try loader.next() } }
    loader.stop()
  }

  @Test("no more is made ahead than the queue may hold", arguments: [1, 3])
  func bounded(depth: Int) throws {
    let counter = Counter()
    let order = BatchOrder(count: 10, batchSize: 4, seed: 1)
    let loader = BatchLoader<Int>(order: order, workers: 2, queueDepth: depth) { request, _ in
      counter.add()
      return request.index
    }
    #expect(counter.value == 0)
    _ = try loader.next()
    for _ in 0..<200 where counter.value < 4 * (1 + depth) { Thread.sleep(forTimeInterval: 0.01) }
    Thread.sleep(forTimeInterval: 0.05)
    #expect(counter.value == 4 * (1 + depth))
    loader.stop()
  }

  @Test("stop ends the workers, and next throws from then on", arguments: [0, 2])
  func stop(workers: Int) throws {
    let running = Counter()
    let order = BatchOrder(count: 10, batchSize: 4, seed: 1)
    let loader = BatchLoader<Int>(order: order, workers: workers) { request, _ in
      running.add(1)
      defer { running.add(-1) }
      Thread.sleep(forTimeInterval: 0.002)
      return request.index
    }
    _ = try loader.next()
    loader.stop()
    #expect(running.value == 0)
    #expect(throws: CancellationError.self) { try loader.next() }
    loader.stop()
  }

  @Test("stop wakes a caller that waits for a batch")
  func stopWhileWaiting() throws {
    let order = BatchOrder(count: 10, batchSize: 4, seed: 1)
    let gate = DispatchSemaphore(value: 0)
    let loader = BatchLoader<Int>(order: order, workers: 1) { request, _ in
      gate.wait()
      return request.index
    }
    let ended = DispatchSemaphore(value: 0)
    Thread {
      if (try? loader.next()) == nil { ended.signal() }
    }.start()
    while loader.position == 0 { Thread.sleep(forTimeInterval: 0.001) }
    Thread { loader.stop() }.start()
    #expect(ended.wait(timeout: .now() + 20) == .success)
    gate.signal()
  }

  @Test("a loader that is let go ends its workers and frees what they held")
  func letGo() throws {
    final class Witness: Sendable {}
    weak var witness: Witness?
    func use() throws {
      let held = Witness()
      witness = held
      let order = BatchOrder(count: 10, batchSize: 4, seed: 1)
      let loader = BatchLoader<Int>(order: order, workers: 2) { request, _ in
        withExtendedLifetime(held) { request.index }
      }
      _ = try loader.next()
    }
    try use()
    for _ in 0..<500 where witness != nil { Thread.sleep(forTimeInterval: 0.01) }
    #expect(witness == nil)
  }

  @Test("a loader that was never asked starts nothing and goes")
  func unused() {
    for _ in 0..<100 { _ = loader(workers: 4) }
    let stopped = loader(workers: 2)
    stopped.stop()
    #expect(throws: CancellationError.self) { try stopped.next() }
  }

  @Test("many callers get every batch once")
  func callers() throws {
    let loader = loader(workers: 2)
    let counter = Counter()
    let ended = DispatchSemaphore(value: 0)
    for _ in 0..<4 {
      Thread {
        for _ in 0..<5 { counter.add((try? loader.next())?.reduce(0) { $0 + $1.request.position } ?? 0) }
        ended.signal()
      }.start()
    }
    for _ in 0..<4 { #expect(ended.wait(timeout: .now() + 20) == .success) }
    #expect(counter.value == (0..<80).reduce(0, +))
  }

  @Test("the time spent waiting is counted", arguments: [0, 1])
  func waited(workers: Int) throws {
    let order = BatchOrder(count: 10, batchSize: 2, seed: 1)
    let loader = BatchLoader<Int>(order: order, workers: workers) { request, _ in
      Thread.sleep(forTimeInterval: 0.01)
      return request.index
    }
    #expect(loader.secondsWaited == 0)
    _ = try loader.next()
    #expect(loader.secondsWaited >= 0.019)
    loader.stop()
  }
}
