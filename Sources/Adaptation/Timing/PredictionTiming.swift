// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// Times evaluating and labelling images, reading and writing included.
public struct PredictionTiming {
  /// What `benchmark evaluate` and `benchmark pseudo-label` write with `--json`.
  public struct Result: Encodable {
    /// Images that were predicted.
    public let images: Int
    /// How long all of them took.
    public let seconds: Double
    /// Seconds over images.
    public let secondsPerImage: Double
    /// Of the whole process.
    public let peakResidentBytes: Int
    /// What the network computed in.
    public let precision: String
    /// Threads of the computation.
    public let threads: Int
    /// Seconds an image of the parts; on a GPU, until they are queued.
    public let breakdown: [String: Double]
    /// nil where nothing is scored.
    public let mIoU: Double?
  }

  private let loaded: LoadedNetwork
  private let settings: PredictionSettings
  private let clock = PhaseClock()

  /// - `loaded`: the network; it is sealed.
  public init(_ loaded: LoadedNetwork, _ settings: PredictionSettings) {
    (self.loaded, self.settings) = (loaded, settings)
    loaded.network.store.seal()
  }

  /// Scores the network on labelled images, as `evaluate` does.
  public func evaluate(_ data: LabelledImages, _ progress: (Int) throws -> Void) throws -> Result {
    var predictor = Predictor(loaded.network, settings)
    predictor.clock = clock
    try predictor.check()
    let evaluator = try Evaluator(predictor, classes: loaded.classes, data: data)
    let started = ContinuousClock.now
    let evaluation = try evaluator.run(progress: progress)
    return result(data.count, since: started, mIoU: evaluation.meanIoU)
  }

  /// Writes label maps of images to a folder, as `adapt` does before its first step.
  public func label(
    _ images: ImageList, into folder: String, _ progress: (Int) throws -> Void
  ) throws -> Result {
    var labeler = PseudoLabeler(loaded, settings)
    labeler.predictor.clock = clock
    try labeler.check()
    let started = ContinuousClock.now
    try labeler.write(images, to: folder, confidence: nil, progress: progress)
    return result(images.count, since: started, mIoU: nil)
  }

  private func result(_ count: Int, since started: ContinuousClock.Instant, mIoU: Double?) -> Result {
    let seconds = (ContinuousClock.now - started).seconds
    let parts = clock.seconds + [("other", seconds - clock.seconds.reduce(0) { $0 + $1.seconds })]
    return Result(
      images: count, seconds: seconds, secondsPerImage: seconds / Double(count),
      peakResidentBytes: ProcessMemory.peak, precision: settings.precision.rawValue,
      threads: Machine.threads,
      breakdown: Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0.seconds / Double(count)) }),
      mIoU: mIoU)
  }
}
