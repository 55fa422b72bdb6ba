// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// A network read from a weights file, with what the file said of itself.
public struct LoadedNetwork {
  /// The network with its weights.
  public let network: any Segmenter
  /// What the network predicts.
  public let classes: LabelSpace
  /// The file that they came from.
  public let file: String
  /// SHA-256 of the file, in hexadecimal.
  public let sha256: String
  /// How the file names its entries, to write such weights again; nil where the network's own names do.
  public let form: WeightsForm?
  /// What was chosen or left out on loading, in words.
  public let notes: [String]
  /// The folder of `save_pretrained` that they came from; nil for a file.
  public let pretrained: PretrainedFolder?

  package init(
    network: any Segmenter, classes: LabelSpace, file: String, sha256: String, form: WeightsForm? = nil,
    notes: [String] = [], pretrained: PretrainedFolder? = nil
  ) {
    self.pretrained = pretrained
    self.network = network
    self.classes = classes
    self.file = file
    self.sha256 = sha256
    self.form = form
    self.notes = notes
  }
}

/// Reads and writes networks as weights files.
///
/// Files that `iapc` writes carry the network, its variant, classes and normalisation; others are recognised
/// by names and shapes, and the caller says the rest.
public enum NetworkFile {
  /// Keys of the metadata in weights that `iapc` writes.
  enum Key {
    static let network = "iapc.network"
    static let variant = "iapc.variant"
    static let classes = "iapc.classes"
    static let normalisation = "iapc.normalisation"
    static let dialect = "iapc.dialect"
  }

  /// The label space that a checkpoint's network predicts: the one named, or else the one that the file names,
  /// or else Cityscapes' 19 classes.
  public static func classes(of checkpoint: Checkpoint, named name: String? = nil) throws -> LabelSpace {
    try LabelSpace.named(name ?? checkpoint.metadata[Key.classes] ?? "cityscapes19")
  }

  /// - `family`: the family's name; nil to take it from the file.
  /// - `classes`: the label space's name; nil to take it from the file, or else Cityscapes' 19.
  /// - `variant`: a variant text, "dt-st" or "branches=2,ceil=false"; nil to go by the file, or else by how
  /// its entries are named.
  /// - `normalisation`: a normalisation's name; nil to take that of the named origin, or else the
  /// file's, or else that of the origin which its names suggest.
  /// - Throws: `Problem` where the file is no checkpoint, of another network, or its entries do not fit
  /// exactly.
  public static func load(
    _ path: String, family: String? = nil, classes: String? = nil, variant: String? = nil,
    normalisation: String? = nil, device: Device = .cpu
  ) throws -> LoadedNetwork {
    let said = ScriptRequest(
      classes: classes, variant: variant, normalisation: normalisation, device: device)
    let folder = try PretrainedFolder(path)
    let file = folder?.weights ?? path
    if try CheckpointFile.isTorchScript(file) { return try script(at: file, family: family, said) }
    let checkpoint = try folder?.checkpoint(tellsClasses: classes == nil) ?? read(path)
    if (family ?? checkpoint.metadata[Key.network]) == ScriptedNetwork.family {
      return try script(withWeights: checkpoint, at: path, said)
    }
    let space = try self.classes(of: checkpoint, named: classes)
    let families = try candidates(family ?? checkpoint.metadata[Key.network])
    for family in families {
      guard let weights = try problem(at: path, { try family.recognise(checkpoint) }) else { continue }
      let network = try problem(at: path) {
        let said = try variant.map(VariantText.init) ?? .none
        return try family.build(
          weights,
          BuildRequest(
            classCount: space.count,
            normalisation: try self.normalisation(of: weights, normalisation, said, family), variant: said,
            device: device))
      }
      try fill(network, with: weights, from: path)
      return LoadedNetwork(
        network: network, classes: space, file: path, sha256: try FileHash.sha256(ofFile: file),
        form: folder.map { $0.form(of: weights) } ?? weights.form,
        notes: checkpoint.notes + weights.notes + (folder?.notes(naming: classes) ?? []), pretrained: folder)
    }
    throw unrecognised(checkpoint, at: path, families)
  }

  /// Puts recognised weights into their network.
  static func fill(_ network: any Segmenter, with weights: RecognisedWeights, from path: String) throws {
    let report = network.store.load(weights.checkpoint.tensors)
    guard !report.isExact else {
      let keys = weights.checkpoint.places.keys
      return try checkFinite(
        network.store.entries.compactMap { entry in
          NotFiniteEntry(keys[entry.name]?.joined(separator: ".") ?? entry.name, entry.tensor)
        }, at: path)
    }
    throw Problem(
      "cannot load the weights", at: path,
      because: "against \(network.name) (\(network.variant)) they have \(report.summary)",
      remedy: "see `iapc inspect --weights` for the whole list")
  }

  private static func unrecognised(
    _ checkpoint: Checkpoint, at path: String, _ families: [NetworkFamily]
  ) -> Problem {
    let isBody = families.contains { (try? $0.recogniseBody(checkpoint)) != nil }
    let names = families.map(\.name).joined(separator: " or ")
    let first = checkpoint.tensors.first.map { " (the first is \($0.name))" } ?? ""
    let fitting = NetworkFamily.all.first { (try? $0.recognise(checkpoint)) ?? nil != nil }
    if let fitting {
      return Problem(
        "cannot load the weights", at: path, because: "they are those of \(fitting.name), not of \(names)",
        remedy: "say --network \(fitting.name), or name the right file")
    }
    return Problem(
      "cannot load the weights", at: path,
      because: isBody
        ? "they are a body without a classifier"
        : "its \(checkpoint.tensors.count) entries are not those of "
          + (families.count < NetworkFamily.all.count ? names : "a network that is built in") + first,
      remedy: isBody
        ? "train a network that starts from them, or \(wayIn)" : "name the right file, or \(wayIn)")
  }

  /// How a network that is not built in comes in, as an imperative clause.
  public static let wayIn =
    "bring the network with its program, as a TorchScript module: torch.jit.script(net.eval()).save(\"net.pt\") where "
    + "its Python is, then --weights net.pt (Documentation/TorchScript.md)"

  /// The weights as a checkpoint that names its network, variant, classes and normalisation.
  ///
  /// - `form`: how the weights came, to write them alike; nil for the network's own names.
  public static func checkpoint(
    of network: any Segmenter, classes: LabelSpace, form: WeightsForm? = nil
  ) -> Checkpoint {
    var metadata = metadata(of: network, classes: classes)
    metadata[Key.dialect] = form?.dialect
    return Checkpoint(
      tensors: form.map(network.state) ?? network.store.state, metadata: metadata,
      places: form?.places ?? CheckpointPlaces())
  }

  private static func metadata(of network: any Segmenter, classes: LabelSpace) -> [String: String] {
    var metadata = metadata(network: network.name, classes: classes, normalisation: network.normalisation)
    if !network.variantText.isEmpty { metadata[Key.variant] = network.variantText }
    return metadata
  }

  static func metadata(
    network: String, classes: LabelSpace, normalisation: Normalisation
  ) -> [String: String] {
    [Key.network: network, Key.classes: classes.text, Key.normalisation: text(of: normalisation)]
  }

  /// Writes a network's weights, with what is needed to load them again; its program where it came
  /// with one and the path ends in .pt.
  ///
  /// - `form`: how the weights came, to write them alike; nil for the network's own names.
  /// - Throws: `Problem` where the file cannot be written.
  public static func save(
    _ network: any Segmenter, classes: LabelSpace, form: WeightsForm? = nil, to path: String
  ) throws {
    if let program = network.program, path.lowercased().hasSuffix(".pt") {
      return try program.save(metadata(of: network, classes: classes), to: path)
    }
    try CheckpointFile.write(checkpoint(of: network, classes: classes, form: form), to: path)
  }

  static func candidates(_ name: String?) throws -> [NetworkFamily] {
    try name.map { [try NetworkFamily.named($0)] } ?? NetworkFamily.all
  }

  /// Runs `body`; a problem it has with an entry is told with the file.
  private static func problem<Result>(at path: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(path), \(problem.place)", because: problem.why, remedy: problem.remedy)
    }
  }
}

// MARK: - Colours

extension NetworkFile {
  /// What the user says, or the origin that the user names, or the file, or the dialect, or the family.
  static func normalisation(
    of weights: RecognisedWeights, _ name: String?, _ said: VariantText, _ family: NetworkFamily
  ) throws -> Normalisation {
    if let name { return try Normalisation.named(name) }
    if let origin = said.origin { return origin.normalisation }
    if let own = try normalisation(saidBy: weights.checkpoint) { return own }
    return try weights.dialect.map { try VariantOrigin.named($0.origin).normalisation }
      ?? family.normalisation
  }

  /// What the metadata of weights that iapc wrote says; nil for others.
  static func normalisation(saidBy checkpoint: Checkpoint) throws -> Normalisation? {
    try normalisation(saidBy: checkpoint.metadata)
  }

  static func normalisation(saidBy metadata: [String: String]) throws -> Normalisation? {
    guard let text = metadata[Key.normalisation] else { return nil }
    do { return try Normalisation.named(text) } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(Key.normalisation), \(problem.place)", because: problem.why,
        remedy: problem.remedy)
    }
  }

  static func text(of normalisation: Normalisation) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(normalisation)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

extension Checkpoint {
  /// Without the step counters of newer BatchNorm layers, which ESPNet's published weights lack.
  var withoutCounters: Checkpoint {
    var plain = self
    plain.tensors.removeAll { $0.name.hasSuffix(".num_batches_tracked") }
    return plain
  }
}
