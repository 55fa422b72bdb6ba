// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What a loader and its workers share.
///
/// The workers keep it alive, it does not keep the loader alive, so a loader that is let go ends its workers.
///
/// `@unchecked`: `state` is touched only while `condition` is locked.
final class SampleQueue<Sample: Sendable>: @unchecked Sendable {
  private struct State {
    var cursor: SampleCursor
    /// The running number of the next sample to be made.
    var nextJob: Int
    /// The number of the next batch to be handed out.
    var nextBatch: Int
    var made: [Int: Result<Sample, any Error>] = [:]
    var failure: (any Error)?
    var started = false
    var stopped = false
    var running = 0
    var secondsWaited = 0.0
  }

  private let order: BatchOrder
  private let workers: Int
  private let depth: Int
  private let maker: BatchLoader<Sample>.Maker
  private let condition = NSCondition()
  private var state: State

  init(
    order: BatchOrder, workers: Int, depth: Int, first: Int, maker: @escaping BatchLoader<Sample>.Maker
  ) {
    self.order = order
    self.workers = workers
    self.depth = depth
    self.maker = maker
    state = State(cursor: SampleCursor(order), nextJob: first * order.part.count, nextBatch: first)
  }

  var position: Int { condition.withLock { state.nextBatch } }
  var secondsWaited: Double { condition.withLock { state.secondsWaited } }

  func next() throws -> [Sample] {
    let start = ProcessInfo.processInfo.systemUptime
    condition.lock()
    defer {
      state.secondsWaited += ProcessInfo.processInfo.systemUptime - start
      condition.unlock()
    }
    try checkRunning()
    let jobs = state.nextBatch * order.part.count..<(state.nextBatch + 1) * order.part.count
    state.nextBatch += 1
    if workers > 0 {
      startWorkers()
      condition.broadcast()
      while !state.stopped, state.failure == nil, !isReady(jobs) { condition.wait() }
      try checkRunning()
    } else {
      makeHere(jobs)
    }
    return try take(jobs)
  }

  func stop(waiting: Bool) {
    condition.lock()
    state.stopped = true
    state.made.removeAll()
    condition.broadcast()
    while waiting, state.running > 0 { condition.wait() }
    condition.unlock()
  }

  private func checkRunning() throws {
    if let failure = state.failure { throw failure }
    if state.stopped { throw CancellationError() }
  }

  /// A batch is ready when all samples are made, or all before one that failed.
  private func isReady(_ jobs: Range<Int>) -> Bool {
    for job in jobs {
      switch state.made[job] {
      case .none: return false
      case .failure: return true
      case .success: continue
      }
    }
    return true
  }

  private func take(_ jobs: Range<Int>) throws -> [Sample] {
    try jobs.map { job in
      switch state.made.removeValue(forKey: job) {
      case .success(let sample): return sample
      case .failure(let error):
        state.failure = error
        state.made.removeAll()
        condition.broadcast()
        throw error
      case .none: throw CancellationError()
      }
    }
  }

  /// Makes the samples of a batch in the caller's thread, up to the first that fails.
  private func makeHere(_ jobs: Range<Int>) {
    for job in jobs {
      let result = make(request(job))
      state.made[job] = result
      if case .failure = result { return }
    }
  }

  private func startWorkers() {
    guard !state.started else { return }
    state.started = true
    state.running = workers
    for number in 0..<workers {
      let thread = Thread { self.work() }
      thread.name = "samples \(number)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  private func work() {
    condition.lock()
    while let job = nextJob() {
      let request = request(job)
      condition.unlock()
      let result = make(request)
      condition.lock()
      if !state.stopped, state.failure == nil {
        state.made[job] = result
        condition.broadcast()
      }
    }
    state.running -= 1
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until a sample may be made: at most `depth` batches beyond the one asked for. Nil at the end.
  private func nextJob() -> Int? {
    while true {
      if state.stopped || state.failure != nil { return nil }
      if state.nextJob < (state.nextBatch + depth) * order.part.count { break }
      condition.wait()
    }
    defer { state.nextJob += 1 }
    return state.nextJob
  }

  private func request(_ job: Int) -> SampleRequest {
    state.cursor.request(batch: job / order.part.count, offset: job % order.part.count)
  }

  private func make(_ request: SampleRequest) -> Result<Sample, any Error> {
    Result {
      var generator = SeededGenerator(seed: order.seed, purpose: "sample", index: request.position)
      #if canImport(ObjectiveC)
        return try autoreleasepool { try maker(request, &generator) }
      #else
        return try maker(request, &generator)
      #endif
    }
  }
}
