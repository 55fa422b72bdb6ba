// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Torch

/// Times adaptation steps of one batch, and tells where their time goes.
public struct StepTiming {
  /// What `benchmark step --json` writes.
  public struct Result: Encodable {
    /// Of the steps after the first, which makes what is made once.
    public let secondsPerStep: TimeSpread
    /// Of the first step.
    public let firstStep: Double
    /// Of the whole process.
    public let peakResidentBytes: Int
    /// What the networks computed in.
    public let precision: String
    /// Threads of the computation.
    public let threads: Int
    /// Mean seconds of a step's parts; on a GPU, until they are queued.
    public let breakdown: [String: Double]
    /// Floating-point operations of a step's convolutions and matrix products; nil for a TorchScript module, whose
    /// operations are PyTorch's own and are not counted.
    public let operationsPerStep: Int?
    /// Of these, a second, in units of 1e9; and what a large matrix product reaches in that precision.
    public let gigaflops: Double?, peakGigaflops: Double
    /// The terms of each step.
    public let steps: [[String: Double]]
    /// What the processes that share the batch told each other; nil for a process by itself.
    public let exchange: Exchange?
  }

  /// What a step costs the first of several processes beside its computation.
  public struct Exchange: Encodable {
    /// How many share the batch.
    public let processes: Int
    /// Messages and bytes of a step that the process gave.
    public let messages, bytes: Double
    /// Seconds of a step that it waited for others, and their share of the step.
    public let seconds, share: Double

    init(_ count: Int, _ before: Peers.Cost, _ after: Peers.Cost, steps: Int, seconds all: Double) {
      processes = count
      messages = Double(after.messages - before.messages) / Double(steps)
      bytes = Double(after.bytes - before.bytes) / Double(steps)
      seconds = (after.seconds - before.seconds) / Double(steps)
      share = (after.seconds - before.seconds) / all
    }
  }

  private let settings: AdaptationSettings

  /// A timing of the method that the settings describe.
  public init(_ settings: AdaptationSettings) {
    self.settings = settings
  }

  /// - `network`: becomes the student.
  /// - `batch`: this process's part of it.
  /// - `count`: steps to time, after a first one.
  /// - `peers`: the processes that share each batch; nil for a process by itself.
  public func run(
    _ network: any Segmenter, _ batch: TargetBatch, count: Int, peers: Peers? = nil,
    observe: (Int, Double) throws -> Void
  ) throws -> Result {
    let device = network.store.device
    let method = settings.makeMethod(network, peers: peers)
    let normGroup = settings.learning.syncBatchnorm ? peers?.group : nil
    let images = batch.images
    try method.prepare(
      TargetImages(count: images.shape[0]) { body in
        for i in 0..<images.shape[0] { try body(images.slice(i..<i + 1, along: 0)) }
      })
    var (reports, seconds) = ([StepReport](), [Double]())
    func step() throws {
      let started = ContinuousClock.now
      reports.append(
        ProcessGroup.sharingNormalisation(over: normGroup) {
          method.step(batch, learningRate: settings.learningRate)
        })
      try device.synchronize()
      try peers?.check()
      seconds.append((ContinuousClock.now - started).seconds)
      try observe(seconds.count - 1, seconds[seconds.count - 1])
    }
    let before = Machine.operations
    try step()
    let operations = network.program == nil ? Machine.operations - before : nil
    let clock = PhaseClock()
    (method as? any LearningMethod)?.learner.clock = clock
    let told = peers?.cost
    for _ in 0..<count { try step() }
    let spread = TimeSpread(Array(seconds.dropFirst()))
    let all = seconds.dropFirst().reduce(0, +)
    let exchange = peers.map { Exchange($0.count, told ?? $0.cost, $0.cost, steps: count, seconds: all) }
    try peers?.finish()
    let others = all - clock.seconds.reduce(0) { $0 + $1.seconds }
    let parts = clock.seconds + [("other", others)]
    let peak = ProcessMemory.peak
    return Result(
      secondsPerStep: spread, firstStep: seconds[0], peakResidentBytes: peak,
      precision: settings.learning.precision.rawValue, threads: Machine.threads,
      breakdown: Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0.seconds / Double(count)) }),
      operationsPerStep: operations, gigaflops: operations.map { Double($0) / spread.median / 1e9 },
      peakGigaflops: try Arithmetic.peak(settings.learning.precision.type, on: device) / 1e9,
      steps: reports.map { report in
        Dictionary(uniqueKeysWithValues: report.terms.map { ($0.name, $0.value) } + [("total", report.total)])
      }, exchange: exchange)
  }
}
