// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

/// What the guard at the end of a run decided: `guard.json` of a run folder.
public struct GuardVerdict: Codable, Equatable, Sendable {
  /// The score without labels of the network before the first step.
  public let start: Double
  /// The score without labels of the network after the last step.
  public let adapted: Double
  /// The score without labels of the best network that was compared with the one before the first step.
  public let best: Double
  /// The logarithm of `best` over `start`.
  public let gain: Double
  /// The standard error of `gain` over the images.
  public let noise: Double
  /// The share of the adapted weights in those that were saved; the rest is of the weights before the first step.
  public let weight: Double
  /// The share of the source's normalization statistics in those that were saved; nil where none was chosen.
  public let sourceFraction: Double?

  private enum CodingKeys: String, CodingKey {
    case start, adapted, best, gain, noise, weight
    case sourceFraction = "source_fraction"
  }

  /// Whether the network before the first step was saved, since no other one did better for sure.
  public var keepsStart: Bool { weight == 0 }

  /// The verdict of a run; nil where the run had no guard, or has not ended.
  ///
  /// - Throws: a `Problem` where the file cannot be read.
  public static func read(_ run: RunFolder) throws -> Self? {
    guard FileManager.default.fileExists(atPath: run.verdict) else { return nil }
    let bytes = try FileBytes.read(run.verdict)
    do { return try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
      throw Problem(
        "cannot read the guard's scores", at: run.verdict, because: "the file is damaged",
        remedy: "remove the file")
    }
  }

  /// What a user is told.
  var note: String {
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    let scores = "score without labels \(text(best)), \(text(start)) before the steps"
    if keepsStart {
      return
        "the steps did not make the network better for sure: saved is the network before them (\(scores); "
        + "selection.guard=off saves the adapted one)"
    }
    let fraction = sourceFraction.map { ", \($0.settingText) of the source's BatchNorm statistics" } ?? ""
    let weights =
      weight == 1 ? "the adapted weights" : "\(weight.settingText) of the way to the adapted weights"
    return "guard: saved are \(weights)\(fraction) (\(scores))"
  }
}

/// Chooses what a run ships, by `LabelFreeScore`: a network between the one that the run began with and the one that
/// it ends with, or the one that it began with.
///
/// A user without labels cannot see harm. The networks predict the same few images. The score falls with a collapse and
/// with predictions that change under mirroring or at another scale. A network that is wrong in the same way on all of
/// these the score does not see, so a network that does better than the first by less than the score's own noise
/// is not shipped.
///
/// Source of the networks between: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" (WiSE-FT), equation 1.
struct EndGuard {
  /// Shares of the adapted weights in the networks between.
  private static let points = [0.75, 0.5]
  /// Standard errors by which a network does better than the first.
  private static let sure = 2.0

  /// The network as it was before the first step, with its first statistics.
  private let start: any Segmenter
  private let probe: ProbeImages
  private let observer: RunObserver

  /// A network that may be shipped.
  private struct Candidate {
    let network: any Segmenter
    let weight: Double
    let fraction: Double?
    let score: ProbeScore
  }

  /// - `network`: as it is before the first step; a copy of it is kept.
  /// - `probe`: read before the first step, for images may become unreadable during a run.
  init(_ network: any Segmenter, _ probe: ProbeImages, _ observer: RunObserver) {
    (start, self.probe, self.observer) = (network.copy(), probe, observer)
  }

  /// The network to ship, and why.
  ///
  /// - `estimates`: whether the run ends with normalization statistics of the target images.
  /// - `source`: the statistics of which a share stays in those; nil for none. `adapted` has none of them yet.
  /// - `choosesShare`: whether the share is chosen for the adapted network too.
  func choose(
    _ adapted: any Segmenter, estimates: Bool, _ source: SourceStatistics?, choosesShare: Bool
  ) throws -> (shipped: any Segmenter, verdict: GuardVerdict) {
    observer.begin("guard", Self.points.count + 3)
    var source = estimates ? source : nil
    if choosesShare { _ = try source?.chooseShare(for: adapted, on: probe) }
    func candidate(_ network: any Segmenter, _ weight: Double) throws -> Candidate {
      // A copy is scored: it can only predict afterwards.
      Candidate(
        network: network, weight: weight, fraction: source?.share, score: try probe.score(of: network.copy()))
    }
    source?.stay(in: adapted)
    try observer.advanceOrStop(1)
    let first = try probe.score(of: start.copy())
    try observer.advanceOrStop(2)
    let last = try candidate(adapted, 1)
    let between = try Self.points.enumerated().map { index, point in
      try observer.advanceOrStop(3 + index)
      let network = adapted.copy()
      network.store.mix(start.store, share: 1 - point)
      if estimates {
        try probe.estimateStatistics(of: network)
        source?.stay(in: network)
      }
      return try candidate(network, point)
    }
    observer.advance(Self.points.count + 3)
    let best = between.reduce(last) { $1.score.value > $0.score.value ? $1 : $0 }
    let gain = best.score.gain(over: first)
    let isBetter = gain.mean > Self.sure * gain.error && gain.mean > 0
    let verdict = GuardVerdict(
      start: first.value, adapted: last.score.value, best: best.score.value, gain: gain.mean,
      noise: gain.error,
      weight: isBetter ? best.weight : 0, sourceFraction: isBetter ? best.fraction : nil)
    return (isBetter ? best.network : start, verdict)
  }
}
