// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

extension PretrainedFolder {
  /// How weights of this folder are written as a state dict: with the names that the package which wrote the folder
  /// has in memory, so that `load_state_dict` takes them.
  func form(of weights: RecognisedWeights) -> WeightsForm {
    let dialect = config.hasNamesOfVersion5 ? SegFormerDialect.transformers5 : .huggingface
    return WeightsForm(dialect: dialect.rawValue, places: CheckpointPlaces())
  }

  /// Writes a loaded SegFormer as such a folder, for `from_pretrained`: its weights, `config.json` with its classes, and
  /// the image processor with its colours where it can say them. What the folder that it came from says beyond that
  /// stays.
  ///
  /// - `network`: the network with its new weights; nil for those that were loaded.
  /// - `folder`: a folder that is there.
  /// - Throws: `Problem` for another network than `transformers` has, and where a file cannot be read or written.
  public static func write(
    _ loaded: LoadedNetwork, _ network: (any Segmenter)? = nil, to folder: String
  ) throws {
    let network = network ?? loaded.network
    guard let segformer = network as? SegFormer, segformer.description.branch == .linear else {
      throw Problem(
        "cannot write the folder of save_pretrained", at: folder,
        because: "\(network.name) (\(network.variant)) is no network that transformers has",
        remedy: "end the name in .pth or .safetensors for a file of weights")
    }
    var checkpoint = NetworkFile.checkpoint(of: network, classes: loaded.classes)
    // What from_pretrained looks for before it opens a file.
    checkpoint.metadata["format"] = "pt"
    try CheckpointFile.write(checkpoint, to: file("model.safetensors", in: folder))
    let texts = [
      "config.json": try loaded.pretrained?.settings(loaded.classes)
        ?? segformer.description.pretrainedConfig(loaded.classes),
      "preprocessor_config.json": try loaded.pretrained.map { try $0.processorText(network.normalisation) }
        ?? Self.processorText("{}", network.normalisation),
    ]
    for case (let name, let text?) in texts {
      try AtomicFile.write(Array(text.utf8), to: file(name, in: folder))
    }
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try FileBytes.read(Self.file(name, in: path), atMost: 1 << 24), as: UTF8.self)
  }

  /// `config.json` as it was, but for what is another now.
  private func settings(_ classes: LabelSpace) throws -> String {
    var members = JSONMembers(try text("config.json"))
    // Weights are written as float32, whatever they came in.
    for key in ["dtype", "torch_dtype"] where members.has(key) { members.set(key, to: #""float32""#) }
    if config.classNames.map(classes.hasNames) != true { members.set(classes) }
    return members.text
  }

  /// The image processor with a network's colours; nil where there was none, or it cannot say them.
  private func processorText(_ wanted: Normalisation) throws -> String? {
    guard let processor else { return nil }
    let name = "preprocessor_config.json"
    let own = try text(name)
    return try processor.normalisation(at: name).isClose(to: wanted) ? own : Self.processorText(own, wanted)
  }

  private static func processorText(_ text: String, _ wanted: Normalisation) -> String? {
    guard wanted.order == .rgb else { return nil }
    var members = JSONMembers(text)
    if !members.has("do_resize") { members.set("do_resize", to: "false") }
    members.set("image_std", to: JSONMembers.text(wanted.std.map { $0 / wanted.scale / 255 }))
    members.set("image_mean", to: JSONMembers.text(wanted.mean.map { $0 / 255 }))
    members.set("rescale_factor", to: "\(1.0 / 255)")
    members.set("do_rescale", to: "true")
    members.set("do_normalize", to: "true")
    if !members.has("image_processor_type"), !members.has("feature_extractor_type") {
      members.set("image_processor_type", to: #""SegformerImageProcessor""#)
    }
    return members.text
  }
}

extension SegFormer.Description {
  /// What `config.json` of `transformers` says of this network.
  fileprivate func pretrainedConfig(_ classes: LabelSpace) -> String {
    var members = JSONMembers("{}")
    let lists = [
      ("strides", Self.embeddings.map { _, stride, _ in stride }), ("sr_ratios", Self.reductions),
      ("patch_sizes", Self.embeddings.map { kernel, _, _ in kernel }), ("num_attention_heads", Self.heads),
      ("mlp_ratios", size.widths.map { _ in Self.expansion }), ("hidden_sizes", size.widths),
      ("depths", size.depths),
    ]
    for (key, value) in lists { members.set(key, to: JSONMembers.text(value)) }
    members.set(classes)
    members.set("num_encoder_blocks", to: "\(size.widths.count)")
    members.set("decoder_hidden_size", to: "\(size.decoder)")
    members.set("hidden_act", to: #""gelu""#)
    members.set("model_type", to: #""segformer""#)
    members.set("architectures", to: #"["SegformerForSemanticSegmentation"]"#)
    return members.text
  }
}
