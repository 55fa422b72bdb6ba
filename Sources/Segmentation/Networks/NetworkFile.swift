// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// A network read from a weights file, with what the file said of itself.
public struct LoadedNetwork {
  public let network: any Segmenter
  /// What the network predicts.
  public let classes: LabelSpace
  public let file: String
  /// SHA-256 of the file, in hexadecimal.
  public let sha256: String

  package init(network: any Segmenter, classes: LabelSpace, file: String, sha256: String) {
    self.network = network
    self.classes = classes
    self.file = file
    self.sha256 = sha256
  }
}

/// Reads and writes networks as weights files.
///
/// Files that `iapc` writes carry the network, its classes and its normalisation; others are recognised by
/// names and shapes, and the caller says the rest.
public enum NetworkFile {
  /// Keys of the metadata in weights that `iapc` writes.
  enum Key {
    static let network = "iapc.network"
    static let classes = "iapc.classes"
    static let normalisation = "iapc.normalisation"
  }

  /// - `family`: the family's name; nil to take it from the file.
  /// - `classes`: the label space's name; nil to take it from the file, or else Cityscapes' 19.
  /// - Throws: `Problem` where the file is no checkpoint, of another network, or its entries do not fit
  /// exactly.
  public static func load(
    _ path: String, family: String? = nil, classes: String? = nil, device: Device = .cpu
  ) throws -> LoadedNetwork {
    let checkpoint = try CheckpointFile.read(path).withoutCounters
    let space = try LabelSpace.named(classes ?? checkpoint.metadata[Key.classes] ?? "cityscapes19")
    let families = try candidates(family ?? checkpoint.metadata[Key.network])
    for family in families {
      let request = BuildRequest(
        classCount: space.count, normalisation: try normalisation(of: checkpoint, family, path),
        device: device)
      guard let network = try problem(at: path, { try family.read(checkpoint, request) }) else { continue }
      let report = network.store.load(checkpoint.tensors)
      guard report.isExact else {
        throw Problem(
          "cannot load the weights", at: path,
          because: "against \(family.name) (\(network.variant)) they have \(report.summary)",
          remedy: "see `iapc inspect --weights` for the whole list")
      }
      return LoadedNetwork(
        network: network, classes: space, file: path, sha256: try FileHash.sha256(ofFile: path))
    }
    throw Problem(
      "cannot load the weights", at: path,
      because:
        "its \(checkpoint.tensors.count) entries are not those of \(families.map(\.name).joined(separator: " or "))"
        + (checkpoint.tensors.first.map { " (the first is \($0.name))" } ?? ""),
      remedy: "name the right file, or see `iapc inspect --weights`")
  }

  /// How a checkpoint fits a family.
  public struct Fit {
    public let family: String
    /// The variant that names and shapes tell of; empty where they are of another family.
    public let variant: String
    /// nil where the entries are not of this family.
    public let report: LoadReport?
    /// Why a family that recognises the entries cannot be used.
    public let why: String?
  }

  /// Holds a checkpoint against one family, or against all; loads nothing.
  public static func fits(_ checkpoint: Checkpoint, family: String? = nil, classes: String? = nil) throws
    -> [Fit]
  {
    let plain = checkpoint.withoutCounters
    let space = try LabelSpace.named(classes ?? checkpoint.metadata[Key.classes] ?? "cityscapes19")
    return try candidates(family).map { family in
      let request = BuildRequest(
        classCount: space.count, normalisation: try normalisation(of: plain, family, Key.normalisation))
      do {
        guard let network = try family.read(plain, request) else {
          return Fit(family: family.name, variant: "", report: nil, why: nil)
        }
        return Fit(
          family: family.name, variant: network.variant, report: network.store.compare(plain.tensors),
          why: nil)
      } catch let problem as Problem {
        return Fit(family: family.name, variant: "", report: nil, why: problem.why)
      }
    }
  }

  /// The weights as a checkpoint that names its network, classes and normalisation.
  public static func checkpoint(of network: any Segmenter, classes: LabelSpace) -> Checkpoint {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let normalisation = (try? encoder.encode(network.normalisation)).map {
      String(decoding: $0, as: UTF8.self)
    }
    return Checkpoint(
      tensors: network.store.state,
      metadata: [
        Key.network: network.name, Key.classes: classes.name, Key.normalisation: normalisation ?? "",
      ])
  }

  public static func save(_ network: any Segmenter, classes: LabelSpace, to path: String) throws {
    try CheckpointFile.write(checkpoint(of: network, classes: classes), to: path)
  }

  private static func candidates(_ name: String?) throws -> [NetworkFamily] {
    try name.map { [try NetworkFamily.named($0)] } ?? NetworkFamily.all
  }

  private static func normalisation(
    of checkpoint: Checkpoint, _ family: NetworkFamily, _ path: String
  ) throws -> Normalisation {
    guard let text = checkpoint.metadata[Key.normalisation] else { return family.normalisation }
    do { return try JSONDecoder().decode(Normalisation.self, from: Data(text.utf8)) } catch {
      let why = (error as? Problem)?.why ?? "\(Key.normalisation) is not what iapc writes: \(text.prefix(80))"
      throw Problem(
        "cannot load the weights", at: path, because: why, remedy: "write the file again with iapc")
    }
  }

  /// Runs `body`; a problem it has with an entry is told with the file.
  private static func problem<Result>(at path: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(path), \(problem.place)", because: problem.why, remedy: problem.remedy)
    }
  }
}

extension Checkpoint {
  /// Without the step counters of newer BatchNorm layers, which nothing here reads.
  var withoutCounters: Checkpoint {
    var plain = self
    plain.tensors.removeAll { $0.name.hasSuffix(".num_batches_tracked") }
    return plain
  }
}
