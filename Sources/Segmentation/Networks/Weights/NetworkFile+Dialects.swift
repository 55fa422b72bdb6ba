// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFile {
  /// A checkpoint under the names of another code base, with metadata that says what the new names would
  /// hide.
  ///
  /// - `dialect`: the name of one of `WeightsDialect.writable`.
  /// - `variant`, `normalisation`: as `load` takes them.
  /// - Throws: `Problem` for weights of no known network, and where the dialect has no name for an entry.
  public static func translate(
    _ checkpoint: Checkpoint, to dialect: String, variant: String? = nil, normalisation: String? = nil
  ) throws -> (checkpoint: Checkpoint, notes: [String]) {
    let wanted = try WeightsDialect.named(dialect)
    let said = try variant.map(VariantText.init) ?? .none
    for family in try candidates(checkpoint.metadata[Key.network]) {
      guard let weights = try family.recognise(checkpoint), weights.dialect != nil else { continue }
      var (result, notes) = (weights.checkpoint, weights.notes)
      if !wanted.holdsAuxiliary, result.tensors.contains(where: { $0.name.hasPrefix("layer5.") }) {
        result.tensors.removeAll { $0.name.hasPrefix("layer5.") }
        notes.append("left out the auxiliary head layer5, which \(dialect) has no names for")
      }
      result.places = try wanted.places(of: result.tensors.map(\.name))
      result.metadata[Key.network] = family.name
      result.metadata[Key.variant] = try family.describe(weights, said)
      result.metadata[Key.normalisation] = text(
        of: try self.normalisation(of: weights, normalisation, said, family))
      result.metadata[Key.dialect] = dialect
      return (result, notes)
    }
    throw Problem(
      "cannot convert the weights", at: dialect,
      because: "its \(checkpoint.tensors.count) entries are those of no network with dialects",
      remedy: "see `iapc inspect --weights`, or convert without --dialect")
  }
}
