// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Segmentation
import Torch

/// What weights may be, compared by what each reading of them predicts on a few images: no label is needed.
public struct PlausibleReadings {
  /// A variant and a color convention, with the predictions that follow.
  public struct Reading: Sendable {
    /// What the weights are taken for.
    public let guess: NetworkFile.Guess
    /// What their predictions look like with the stored normalisation statistics.
    public let check: LabelFreeCheck
    /// The same with each image's own statistics; nil where they do not make up for a shift of the images.
    public let own: LabelFreeCheck?
    /// How far the images move the statistics of the first BatchNorm layer from the stored ones: the Kullback-Leibler
    /// divergence of normal distributions, mean over the channels, in nats; nil as `own`.
    public let shift: Double?

    /// What readings are ranked by: with each image's own statistics, where there are such.
    fileprivate var plausibility: Double { (own ?? check).plausibility }
  }

  /// What the images say for another reading than the assumed one.
  public enum Verdict: Sendable {
    /// The assumed one is the most plausible.
    case agreed
    /// They speak clearly for another one.
    case advised(Reading)
    /// Another one is more plausible, but not clearly, for a reason in words.
    case unsure(Reading, because: String)
  }

  /// The reading that loading the file without further words gives.
  public let assumed: Reading
  /// All readings: first what is to be taken, then the most plausible first.
  public let ranked: [Reading]
  /// Whether another reading than the assumed one is to be taken.
  public let verdict: Verdict

  /// Tries the variants that names and shapes allow with their usual colors, then every other color
  /// convention, either order of channels included, with the variant that did best.
  ///
  /// - `images`: a few, of one size that the network takes.
  /// - `progress`: called before each reading, and at the end, with the count so far and in all.
  /// - Throws: `Problem` for weights of no use, and for images of a size that the network does not take.
  /// - Returns: nil where the checkpoint is no known network's.
  public static func compare(
    _ checkpoint: Checkpoint, at path: String, family: String?, classes: LabelSpace, images: [RGBImage],
    progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> PlausibleReadings? {
    let plausible = try NetworkFile.plausible(checkpoint, family: family)
    let conventions = Normalisation.published + Normalisation.published.map(\.swapped)
    var (readings, left): ([Reading], Int) = ([], plausible.count + conventions.count)
    func read(_ guess: NetworkFile.Guess) throws {
      try progress(readings.count, readings.count + left)
      left -= 1
      guard !readings.contains(where: { $0.guess == guess }) else { return }
      let network = try NetworkFile.network(guess, of: checkpoint, classes: classes, at: path)
      if let first = images.first { try network.checkInput(first.size, "--size") }
      func check(_ mode: Mode) -> LabelFreeCheck {
        LabelFreeCheck(network, images: images, normalisation: guess.normalisation, mode: mode)
      }
      let isByBatches = network.normalisesByBatchesThroughout
      readings.append(
        Reading(
          guess: guess, check: check(.evaluation), own: isByBatches ? check(.batchStatistics) : nil,
          // Last, for it changes the network.
          shift: isByBatches ? try network.firstShift(by: images, guess.normalisation) : nil))
    }
    for guess in plausible { try read(guess) }
    guard let assumed = readings.first, let best = ordered(readings).first else { return nil }
    for colors in conventions {
      try read(
        NetworkFile.Guess(family: best.guess.family, variant: best.guess.variant, normalisation: colors))
    }
    try progress(readings.count, readings.count)
    return PlausibleReadings(readings, assumed: assumed)
  }

  private init(_ readings: [Reading], assumed: Reading) {
    let sorted = Self.ordered(readings)
    let best = sorted[0]
    if best.guess == assumed.guess {
      verdict = .agreed
    } else if let why = ReadingEvidence(for: best, against: assumed, among: readings).objection {
      verdict = .unsure(best, because: why)
    } else {
      verdict = .advised(best)
    }
    let first = if case .advised = verdict { best } else { assumed }
    self.assumed = assumed
    ranked = [first] + sorted.filter { $0.guess != first.guess }
  }

  /// Those that the stored statistics fit first, and of each kind the most plausible first.
  private static func ordered(_ readings: [Reading]) -> [Reading] {
    let fitting = Fit(readings)
    return readings.sorted {
      let (first, second) = (fitting.holds($0), fitting.holds($1))
      return first == second ? $0.plausibility > $1.plausibility : first
    }
  }
}

/// Which readings the stored normalization statistics fit.
///
/// Pixels of another scale than the network was trained on move the statistics of its first layer by more than a new
/// place does, and each image's own statistics take a scale away altogether.
private struct Fit {
  /// The divergence over the smallest of all readings, and what may be added to it, up to which statistics fit.
  private static let bound = (factor: 2.0, more: 0.25)

  private let least: Double

  init(_ readings: [PlausibleReadings.Reading]) { least = readings.compactMap(\.shift).min() ?? 0 }

  func holds(_ reading: PlausibleReadings.Reading) -> Bool {
    guard let shift = reading.shift else { return true }
    return shift <= Self.bound.factor * least + Self.bound.more
  }
}

/// What speaks for one reading against another.
///
/// A wrong reading and images of a place that the network does not know look alike by the stored normalization
/// statistics: at dusk the exchanged colors are the more plausible ones, and pixels that are too large make a network
/// sure of varied nonsense. So the statistics of the first layer tell scales of pixels apart, and predictions with each
/// image's own statistics, which take most of a shift away, tell orders of channels and variants apart. The numbers are
/// those of `scripts/inspect-study.py`.
struct ReadingEvidence {
  /// The plausibility over the other's, from which it is clearly larger, with stored and with own statistics.
  private static let clearly = (stored: 1.1, own: 1.03)
  /// The share of the largest plausibility with own statistics that counts as equal to it.
  private static let equal = 0.98
  /// The share of the logarithm of the number of classes, the most that a plausibility can be, from which the network
  /// makes sense of the images at all.
  private static let sensible = 0.35
  /// Images that it takes at least.
  private static let images = 3
  /// The share of the images on which it has to hold, each by itself.
  private static let share = 0.75
  /// The mean over the images of the logarithm of the plausibilities' ratio, over its standard error.
  private static let deviations = 2.0

  private let reading, other: PlausibleReadings.Reading
  private let all: [PlausibleReadings.Reading]

  /// - `all`: every reading, these two among them.
  init(
    for reading: PlausibleReadings.Reading, against other: PlausibleReadings.Reading,
    among all: [PlausibleReadings.Reading]
  ) {
    (self.reading, self.other, self.all) = (reading, other, all)
  }

  /// Why the reading is not to be preferred; nil where it is.
  var objection: String? {
    guard reading.check.plausibilities.count >= Self.images else {
      return "fewer than \(Self.images) images cannot tell"
    }
    guard let own = reading.own, let otherOwn = other.own else {
      return "a network that does not normalise by batches throughout gives no second opinion"
    }
    guard own.plausibility >= Self.sensible * log(Double(own.histogram.count)) else {
      return "under no reading does the network make much of these images"
    }
    let most = all.compactMap(\.own?.plausibility).max() ?? 0
    guard own.plausibility >= Self.equal * most else {
      return "with another scale of pixels the network makes more of these images"
    }
    if Fit(all).holds(other) {
      guard reading.check.plausibility >= Self.clearly.stored * other.check.plausibility,
        Self.agrees(reading.check, other.check)
      else { return "the difference is small with the stored normalisation statistics, or not on all images" }
    }
    guard reading.differsInKind(from: other) else { return nil }
    return own.plausibility >= Self.clearly.own * otherOwn.plausibility && Self.agrees(own, otherOwn)
      ? nil
      : "the difference is small with each image's own normalisation statistics, or not on all images"
  }

  /// Whether nearly every image by itself speaks for the first, by more than chance.
  private static func agrees(_ a: LabelFreeCheck, _ b: LabelFreeCheck) -> Bool {
    let ratios = zip(a.plausibilities, b.plausibilities).map { log(max($0, 1e-6) / max($1, 1e-6)) }
    let count = Double(ratios.count)
    let mean = ratios.reduce(0, +) / count
    let variance = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
    return Double(ratios.count { $0 > 0 }) >= share * count
      && mean >= deviations * (variance / count).squareRoot()
  }
}

extension PlausibleReadings.Reading {
  /// Whether the order of channels or the variant is another.
  fileprivate func differsInKind(from other: Self) -> Bool {
    guess.variant != other.guess.variant || guess.normalisation.order != other.guess.normalisation.order
  }
}

extension Segmenter {
  /// `PlausibleReadings.Reading.shift`. All layers have statistics of the images afterwards.
  fileprivate func firstShift(by images: [RGBImage], _ normalisation: Normalisation) throws -> Double {
    // Two tensors a layer, in the order in which layers are declared.
    let stored = store.statistics.prefix(2).map { $0.copy() }
    try reestimateStatistics(of: self, batches: images.count) { index in
      normalisation.batch([images[index]]).to(store.device)
    }
    let seen = store.statistics.prefix(2)
    let values = (stored + seen).map { $0.scalars(as: Float.self).map(Double.init) }
    let floor = 1e-5
    let divergences = values[0].indices.map { channel in
      let (mean, variance) = (values[0][channel], values[1][channel] + floor)
      let (seenMean, seenVariance) = (values[2][channel], values[3][channel] + floor)
      let apart = seenMean - mean
      return 0.5 * (log(variance / seenVariance) + (seenVariance + apart * apart) / variance - 1)
    }
    return divergences.reduce(0, +) / Double(divergences.count)
  }

  /// Whether about every normalisation is one by batches, so that a batch's statistics take a shift of all images away.
  fileprivate var normalisesByBatchesThroughout: Bool {
    hasBatchStatistics && store.statistics.count >= store.parameters.count { isNormalisation($0.name) }
  }
}
