// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFile {
  /// How a checkpoint fits a family.
  public struct Fit {
    /// The family's name.
    public let family: String
    /// The variant that names, shapes and dialect tell of; empty where they are of another family.
    public let variant: String
    /// nil where the entries are not of this family.
    public let report: LoadReport?
    /// Why a family that recognises the entries cannot be used.
    public let why: String?
    /// What the entries were recognised as, a whole network or a body; nil where they are of another family.
    public let weights: RecognisedWeights?
  }

  /// Holds a checkpoint against one family, or against all; loads nothing.
  ///
  /// - `classes`: the label space's name; nil to take it from the file, or else to take any.
  public static func fits(_ checkpoint: Checkpoint, family: String? = nil, classes: String? = nil) throws
    -> [Fit]
  {
    let space = try self.classes(of: checkpoint, named: classes)
    return try candidates(family).map { family in
      var recognised: RecognisedWeights?
      do {
        recognised = try family.recognise(checkpoint)
        guard let weights = recognised else {
          let body = try family.recogniseBody(checkpoint)
          return Fit(
            family: family.name, variant: "", report: nil,
            why: body == nil ? nil : "they are a body without a classifier", weights: body)
        }
        let request = BuildRequest(
          classCount: space.count, normalisation: try normalisation(of: weights, nil, .none, family))
        let network = try family.build(weights, request)
        return Fit(
          family: family.name, variant: network.variant,
          report: network.store.compare(weights.checkpoint.tensors), why: nil, weights: weights)
      } catch let problem as Problem {
        return Fit(family: family.name, variant: "", report: nil, why: problem.why, weights: recognised)
      }
    }
  }

  /// What weights may be as far as names, shapes and metadata tell.
  public struct Guess: Equatable, Sendable {
    /// The name of the family, as `--network` takes it.
    public let family: String
    /// What the weights do not show, as `--variant` takes it; empty where they show all.
    public let variant: String
    /// How the weights take their pixels.
    public let normalisation: Normalisation

    /// A reading of weights.
    public init(family: String, variant: String, normalisation: Normalisation) {
      (self.family, self.variant, self.normalisation) = (family, variant, normalisation)
    }
  }

  /// All that a checkpoint may be, the likeliest first: one guess where the file says it itself, several for
  /// foreign weights, none for those of no known network.
  /// - Throws: `Problem` where the weights are known and of no use.
  public static func plausible(_ checkpoint: Checkpoint, family: String? = nil) throws -> [Guess] {
    try candidates(family ?? checkpoint.metadata[Key.network]).flatMap { family in
      try family.recognise(checkpoint).map { try guesses(of: $0, family) } ?? []
    }
  }

  /// The variants of the known origins with their own colours, then with the others'.
  private static func guesses(of weights: RecognisedWeights, _ family: NetworkFamily) throws -> [Guess] {
    let metadata = weights.checkpoint.metadata
    let own = try normalisation(saidBy: weights.checkpoint)
    guard let dialect = weights.dialect else {
      return [
        Guess(
          family: family.name, variant: try family.describe(weights, .none),
          normalisation: own ?? family.normalisation)
      ]
    }
    let origins = try [VariantOrigin.named(dialect.origin)] + VariantOrigin.all
    let likely = try origins.map { origin in
      let said = metadata[Key.variant] == nil ? VariantText(origin: origin, properties: []) : .none
      return (variant: try family.describe(weights, said), colours: own ?? origin.normalisation)
    }
    let others = likely.flatMap { first in likely.map { (variant: first.variant, colours: $0.colours) } }
    var guesses: [Guess] = []
    for item in likely + others {
      let guess = Guess(family: family.name, variant: item.variant, normalisation: item.colours)
      if !guesses.contains(guess) { guesses.append(guess) }
    }
    return guesses
  }

  /// The network of a guess with the checkpoint's weights.
  ///
  /// - `path`: what problems name.
  /// - Throws: `Problem` where the entries do not fit exactly.
  public static func network(
    _ guess: Guess, of checkpoint: Checkpoint, classes: LabelSpace, at path: String, device: Device = .cpu
  ) throws -> any Segmenter {
    let family = try NetworkFamily.named(guess.family)
    guard let weights = try family.recognise(checkpoint) else {
      fatalError("the guess is of another checkpoint")
    }
    let request = BuildRequest(
      classCount: classes.count, normalisation: guess.normalisation, variant: try VariantText(guess.variant),
      device: device)
    let network = try family.build(weights, request)
    try fill(network, with: weights, from: path)
    return network
  }
}
