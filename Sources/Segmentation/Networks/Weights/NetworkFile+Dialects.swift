// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFile {
  /// The dialects that weights can be written in, DeepLabV2's and then SegFormer's own.
  public static let dialects: [String] = {
    let first = WeightsDialect.writable.map(\.name)
    return first + SegFormerDialect.allCases.map(\.rawValue).filter { !first.contains($0) }
  }()

  /// A checkpoint under the names of another code base, with metadata that says what the new names would
  /// hide.
  ///
  /// - `dialect`: one of `dialects` that the network's weights have.
  /// - `variant`, `normalisation`: as `load` takes them.
  /// - Throws: `Problem` for weights of no known network, and where the dialect has no name for an entry.
  public static func translate(
    _ checkpoint: Checkpoint, to dialect: String, variant: String? = nil, normalisation: String? = nil
  ) throws -> (checkpoint: Checkpoint, notes: [String]) {
    let said = try variant.map(VariantText.init) ?? .none
    for family in try candidates(checkpoint.metadata[Key.network]) {
      guard let weights = try family.recognise(checkpoint), weights.form != nil else { continue }
      var (result, notes) = (weights.checkpoint, weights.notes)
      if weights.packing != nil {
        result.tensors = SegFormerReading.packed(result.tensors, try SegFormerDialect.named(dialect))
      } else {
        notes += try rename(&result, in: WeightsDialect.named(dialect))
      }
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

  /// Names the entries of a DeepLabV2; tells what was left out.
  private static func rename(_ checkpoint: inout Checkpoint, in dialect: WeightsDialect) throws -> [String] {
    var notes: [String] = []
    if !dialect.holdsAuxiliary, checkpoint.tensors.contains(where: { $0.name.hasPrefix("layer5.") }) {
      checkpoint.tensors.removeAll { $0.name.hasPrefix("layer5.") }
      notes.append("left out the auxiliary head layer5, which \(dialect.name) has no names for")
    }
    checkpoint.places = try dialect.places(of: checkpoint.tensors.map(\.name))
    return notes
  }
}
