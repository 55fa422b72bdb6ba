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
      readings.append(
        Reading(
          guess: guess, check: check(.evaluation),
          own: network.normalisesByBatchesThroughout ? check(.batchStatistics) : nil))
    }
    for guess in plausible { try read(guess) }
    guard let assumed = readings.first, let best = readings.max(by: precedes) else { return nil }
    for colors in conventions {
      try read(
        NetworkFile.Guess(family: best.guess.family, variant: best.guess.variant, normalisation: colors))
    }
    try progress(readings.count, readings.count)
    return PlausibleReadings(readings, assumed: assumed)
  }

  private init(_ readings: [Reading], assumed: Reading) {
    let sorted = readings.sorted { Self.precedes($1, $0) }
    let mostOwn = readings.compactMap(\.own?.plausibility).max() ?? 0
    let best = sorted[0]
    if best.guess == assumed.guess {
      verdict = .agreed
    } else if let why = ReadingEvidence(for: best, against: assumed, mostOwn: mostOwn).objection {
      verdict = .unsure(best, because: why)
    } else {
      verdict = .advised(best)
    }
    let first = if case .advised = verdict { best } else { assumed }
    self.assumed = assumed
    ranked = [first] + sorted.filter { $0.guess != first.guess }
  }

  private static func precedes(_ a: Reading, _ b: Reading) -> Bool {
    a.check.plausibility < b.check.plausibility
  }
}

/// What speaks for one reading against another.
///
/// A wrong reading and images of a place that the network does not know look alike by the stored normalisation
/// statistics: at dusk the exchanged colors are the more plausible ones. Each image's own statistics take most of such a
/// shift away, and with it what mean and deviation do: they tell orders of channels and variants apart. So both have
/// to speak for a change of these, and no reading may do clearly better with own statistics than the one that is
/// advised. The numbers are those of `scripts/inspect-study.py`.
struct ReadingEvidence {
  /// The plausibility over the other's, from which it is clearly larger, with stored and with own statistics.
  private static let clearly = (stored: 1.1, own: 1.03)
  /// The share of the largest plausibility with own statistics that counts as equal to it.
  private static let equal = 0.98
  /// The share of the logarithm of the number of classes, the most that a plausibility can be, from which the network
  /// makes sense of the images at all.
  private static let sensible = 0.4
  /// Images that it takes at least.
  private static let images = 3
  /// The share of the images on which it has to hold, each by itself.
  private static let share = 0.75
  /// The mean over the images of the logarithm of the plausibilities' ratio, over its standard error.
  private static let deviations = 2.0

  private let reading, other: PlausibleReadings.Reading
  private let mostOwn: Double

  /// - `mostOwn`: the largest plausibility with own statistics, of all readings.
  init(for reading: PlausibleReadings.Reading, against other: PlausibleReadings.Reading, mostOwn: Double) {
    (self.reading, self.other, self.mostOwn) = (reading, other, mostOwn)
  }

  /// Why the reading is not to be preferred; nil where it is.
  var objection: String? {
    guard reading.check.plausibilities.count >= Self.images else {
      return "fewer than \(Self.images) images cannot tell"
    }
    guard let own = reading.own, let otherOwn = other.own else {
      return "a network that does not normalise by batches throughout gives no second opinion"
    }
    guard reading.check.plausibility >= Self.sensible * log(Double(reading.check.histogram.count)) else {
      return "under no reading does the network make much of these images"
    }
    guard reading.check.plausibility >= Self.clearly.stored * other.check.plausibility,
      Self.agrees(reading.check, other.check)
    else { return "the difference is small, or not on all images" }
    let differsInKind =
      reading.guess.variant != other.guess.variant
      || reading.guess.normalisation.order != other.guess.normalisation.order
    let holds =
      differsInKind
      ? own.plausibility >= Self.clearly.own * otherOwn.plausibility && Self.agrees(own, otherOwn)
      : own.plausibility >= Self.equal * otherOwn.plausibility
    return holds
      ? nil : "with each image's own normalisation statistics it is not, as where the images are shifted"
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

extension Segmenter {
  /// Whether about every normalisation is one by batches, so that a batch's statistics take a shift of all images away.
  fileprivate var normalisesByBatchesThroughout: Bool {
    hasBatchStatistics && store.statistics.count >= store.parameters.count { isNormalisation($0.name) }
  }
}
