// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// What a caller says of a module that is to be loaded, by the names that options take.
struct ScriptRequest {
  let classes, variant, normalisation: String?
  let device: Device
}

extension NetworkFile {
  /// Loads a TorchScript module. What the request leaves open is as the file's `iapc.json` says; or else
  /// Cityscapes' 19 classes and ImageNet's normalisation.
  static func script(at path: String, family: String?, _ said: ScriptRequest) throws -> LoadedNetwork {
    guard family == nil || family == ScriptedNetwork.family else {
      throw Problem(
        "cannot load the weights", at: path,
        because: "it is a TorchScript module, not weights of \(family ?? "")",
        remedy: "say --network \(ScriptedNetwork.family), or leave --network out")
    }
    let module = try self.module(path, on: said.device)
    try checkFinite(notFinite(module), at: path)
    let own = try module.text(ScriptModule.metadataName).map { try metadata($0, path) } ?? [:]
    let space = try LabelSpace.named(said.classes ?? own[Key.classes] ?? "cityscapes19")
    let network = try ScriptedNetwork(
      module, ScriptSettings(VariantText(said.variant ?? own[Key.variant] ?? "")), classCount: space.count,
      normalisation: try said.normalisation.map(Normalisation.named) ?? normalisation(saidBy: own)
        ?? .imageNet,
      device: said.device, at: path)
    let notes = own.isEmpty ? notes(on: network) : []
    return LoadedNetwork(
      network: network, classes: space, file: path, sha256: try FileHash.sha256(ofFile: path), notes: notes)
  }

  /// A TorchScript module, of any use or none.
  ///
  /// - Throws: `Problem` for a file that libtorch cannot load as a module.
  public static func module(_ path: String, on device: Device = .cpu) throws -> ScriptModule {
    do { return try ScriptModule(path, device: device) } catch {
      throw Problem(
        "cannot load the module", at: path, because: error.lastLine,
        remedy: "save it in Python with torch.jit.save, unfrozen and with operators of PyTorch alone")
    }
  }

  /// Whether a checkpoint is the state dict of a TorchScript module that iapc wrote, whose program is beside it.
  public static func isOfModule(_ checkpoint: Checkpoint) -> Bool {
    checkpoint.metadata[Key.network] == ScriptedNetwork.family
  }

  private static func notes(on network: ScriptedNetwork) -> [String] {
    let head = network.store.parameters.map(\.name).filter(network.isHead).joined(separator: ", ")
    let features = network.featuresOf.map { ["features are the input of \($0) (or see --features)"] } ?? []
    return features + ["the head is \(head) (or see --head)"]
  }

  private static func metadata(_ text: String, _ path: String) throws -> [String: String] {
    do { return try JSONDecoder().decode([String: String].self, from: Data(text.utf8)) } catch {
      throw Problem(
        "cannot load the module", at: path,
        because: "its extra file \(ScriptModule.metadataName) is no JSON object of texts",
        remedy: "save it again, as in {\"iapc.classes\": \"cityscapes19\"}")
    }
  }

  /// Loads the state dict of a module, whose program is the file of the same name that ends in .pt beside it.
  static func script(
    withWeights checkpoint: Checkpoint, at path: String, _ said: ScriptRequest
  ) throws -> LoadedNetwork {
    guard checkpoint.metadata[Key.network] == ScriptedNetwork.family else {
      throw Problem(
        "cannot load the module", at: path, because: "it holds weights and no program",
        remedy: "save the module itself in Python: torch.jit.script(net).save(\"net.pt\")")
    }
    let program = URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("pt").path
    guard program != URL(fileURLWithPath: path).path, FileManager.default.fileExists(atPath: program),
      try CheckpointFile.isTorchScript(program)
    else {
      throw Problem(
        "cannot load the weights", at: path,
        because: "they are those of a TorchScript module, whose program they do not hold",
        remedy: "put the module beside them as \(URL(fileURLWithPath: program).lastPathComponent), or name it"
      )
    }
    let loaded = try script(at: program, family: nil, said)
    let report = loaded.network.store.load(checkpoint.tensors)
    guard report.isExact else {
      throw Problem(
        "cannot load the weights", at: path, because: "against \(program) they have \(report.summary)",
        remedy: "put the module that they are of beside them")
    }
    try checkFinite(notFinite(checkpoint), at: path)
    return LoadedNetwork(
      network: loaded.network, classes: loaded.classes, file: path,
      sha256: try FileHash.sha256(ofFile: path))
  }
}
