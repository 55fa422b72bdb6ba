// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// What weights may be, compared by what each reading of them predicts on a few images: no label is needed.
public struct PlausibleReadings {
  /// A variant and a colour convention, with the predictions that follow.
  public struct Reading: Sendable {
    /// What the weights are taken for.
    public let guess: NetworkFile.Guess
    /// What their predictions look like.
    public let check: LabelFreeCheck
  }

  /// The reading that loading the file without further words gives.
  public let assumed: Reading
  /// All readings, the most plausible first.
  public let ranked: [Reading]

  /// Whether the images speak clearly for another reading than the assumed one.
  public var contradictsAssumed: Bool {
    ranked[0].guess != assumed.guess
      && ranked[0].check.plausibility > Self.clearly * assumed.check.plausibility
  }

  /// Readings of nearly the same plausibility are no ground for a warning.
  private static let clearly = 1.1

  /// Tries the variants that names and shapes allow with their usual colours, then every other colour
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
      let check = LabelFreeCheck(network, images: images, normalisation: guess.normalisation)
      readings.append(Reading(guess: guess, check: check))
    }
    for guess in plausible { try read(guess) }
    guard let assumed = readings.first, let best = readings.max(by: precedes) else { return nil }
    for colours in conventions {
      try read(
        NetworkFile.Guess(family: best.guess.family, variant: best.guess.variant, normalisation: colours))
    }
    try progress(readings.count, readings.count)
    return PlausibleReadings(assumed: assumed, ranked: readings.sorted { precedes($1, $0) })
  }

  private static func precedes(_ a: Reading, _ b: Reading) -> Bool {
    a.check.plausibility < b.check.plausibility
  }
}
