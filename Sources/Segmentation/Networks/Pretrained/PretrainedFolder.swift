// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// A network as `save_pretrained` of the `transformers` package leaves it: a folder of weights, of `config.json` and,
/// where its image processor was saved there too, of `preprocessor_config.json`.
///
/// SegFormers are read from such folders; other architectures come as TorchScript modules.
public struct PretrainedFolder: Sendable {
  /// The folder.
  public let path: String
  /// The file of weights in it.
  public let weights: String
  let config: PretrainedConfig
  let processor: PretrainedProcessor?

  private static let names = ["model.safetensors", "pytorch_model.bin"]

  /// The folder at a path; nil where there is none of that name.
  ///
  /// - Throws: `Problem` for a folder that holds no such network, one of another architecture, and weights in shards.
  public init?(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return nil
    }
    self.path = path
    let file = Self.file("config.json", in: path)
    let isThere = FileManager.default.fileExists(atPath: file)
    guard isThere, let config: PretrainedConfig = try Self.decoded(file) else {
      throw Self.noNetwork(path, isThere ? "its config.json is no JSON object of a network's settings" : nil)
    }
    self.config = config
    try config.check(at: path)
    weights = try Self.weights(in: path)
    let preprocessor = Self.file("preprocessor_config.json", in: path)
    processor = FileManager.default.fileExists(atPath: preprocessor) ? try Self.decoded(preprocessor) : nil
    if processor == nil, FileManager.default.fileExists(atPath: preprocessor) {
      throw Problem(
        "cannot load the weights", at: preprocessor, because: "it is no JSON object of an image processor",
        remedy: "save the image processor there again, or take the file away and say --normalisation")
    }
  }

  static func file(_ name: String, in folder: String) -> String {
    "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/\(name)"
  }

  /// - Returns: nil where the file is not of this form.
  private static func decoded<Value: Decodable>(_ file: String) throws -> Value? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(Value.self, from: Data(try FileBytes.read(file, atMost: 1 << 24)))
  }

  private static func weights(in path: String) throws -> String {
    let content = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
    if let name = names.first(where: content.contains) { return file(name, in: path) }
    if let index = names.map({ "\($0).index.json" }).first(where: content.contains) {
      throw Problem(
        "cannot load the weights", at: path, because: "they are in shards, as \(index) says",
        remedy: #"save them in one file in Python: network.save_pretrained(folder, max_shard_size="50GB")"#)
    }
    throw noNetwork(path, "it holds config.json, and neither \(names.joined(separator: " nor "))")
  }

  private static func noNetwork(_ path: String, _ why: String?) -> Problem {
    let inside = ["adapted.safetensors", "best.safetensors", "last.safetensors"].map { file($0, in: path) }
    let found = inside.first { FileManager.default.fileExists(atPath: $0) }
    return Problem(
      "cannot load the weights", at: path,
      because: why ?? "it is a directory without the config.json of save_pretrained",
      remedy: found.map { "name \($0)" } ?? "name a file inside it, or a folder that save_pretrained wrote")
  }

  /// The weights, with what the folder says of classes and colours as their metadata.
  ///
  /// - `tellsClasses`: whether anybody wants to know the classes, which are then looked at.
  /// - Throws: `Problem` for weights that cannot be read, classes that cannot be a label space, and a normalisation
  ///   that is none.
  func checkpoint(tellsClasses: Bool = true) throws -> Checkpoint {
    var checkpoint = try CheckpointFile.read(weights)
    typealias Key = NetworkFile.Key
    if tellsClasses, let named = try classes(knowing: checkpoint.metadata[Key.classes]) {
      checkpoint.metadata[Key.classes] = named.text
    }
    if let processor {
      let own = try NetworkFile.normalisation(saidBy: checkpoint)
      let said = try processor.normalisation(at: Self.file("preprocessor_config.json", in: path))
      if own.map(said.isClose) != true { checkpoint.metadata[Key.normalisation] = NetworkFile.text(of: said) }
    }
    return checkpoint
  }

  /// What is worth knowing of the folder, in words.
  ///
  /// - `classes`: the label space that was named; nil where the folder was to say it.
  func notes(naming classes: String?) -> [String] {
    let size = processor?.resizing.map {
      "its image processor resizes to \($0.width)x\($0.height), which is not done here without --size"
    }
    let silent = "config.json names no classes, and they are taken for cityscapes19 (or see --classes)"
    return [size, classes == nil && !config.saysClasses ? silent : nil].compactMap(\.self)
  }
}

extension PretrainedFolder {
  /// The label space that `id2label` tells; nil where it names nothing.
  ///
  /// - `told`: what the metadata of the weights say, which has colours, too.
  private func classes(knowing told: String?) throws -> LabelSpace? {
    guard config.saysClasses, let names = config.classNames else { return nil }
    if let told = try told.map(LabelSpace.named), told.hasNames(names) { return told }
    let folder = URL(fileURLWithPath: path).lastPathComponent
    do { return try LabelSpace(naming: folder, names) } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(Self.file("config.json", in: path)), id2label", because: problem.why,
        remedy: "\(problem.remedy), or name the classes with --classes")
    }
  }
}

extension NetworkFile {
  /// The weights of a file, or of a folder that `save_pretrained` wrote, with what that says as metadata, under the
  /// names that they have there.
  ///
  /// - Throws: as `CheckpointFile.read`; `Problem` for other folders.
  public static func stored(_ path: String) throws -> Checkpoint {
    try PretrainedFolder(path)?.checkpoint() ?? CheckpointFile.read(path)
  }

  /// The file of weights that a path names: itself, or the one in a folder that `save_pretrained` wrote.
  ///
  /// - Throws: `Problem` for other folders.
  public static func weightsFile(_ path: String) throws -> String {
    try PretrainedFolder(path)?.weights ?? path
  }
}
