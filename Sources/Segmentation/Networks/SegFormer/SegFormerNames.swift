// SPDX-License-Identifier: Apache-2.0

import Files

/// Where a file of a code base has an entry of a SegFormer.
struct SegFormerPlace: Equatable {
  /// The name in the file.
  let name: String
  /// Which of the equal parts along the first axis it is, and of how many.
  var part = 0
  var parts = 1
  /// Whether the file has a matrix as a 1x1 convolution.
  var isConvolution = false
}

/// How a code base names the entries of a SegFormer.
public enum SegFormerDialect: String, CaseIterable, Sendable {
  /// Files of `transformers`: the network's own names.
  case huggingface
  /// What `transformers` 5 calls them in memory, and so in files that `torch.save` writes.
  case transformers5 = "transformers-5"
  /// The authors' code, and those that began with it (DAFormer, HRDA, MIC): keys and values are one matrix.
  case nvlabs
  /// mmseg 1.x: queries, keys and values are one matrix, and the perceptron's matrices are convolutions.
  case mmseg

  /// What the epsilons of such weights are.
  var norms: SegFormer.Description.Norms {
    switch self {
    case .huggingface, .transformers5: .huggingface
    case .nvlabs: .nvlabs
    case .mmseg: .mmseg
    }
  }

  /// What a file of an encoder alone lacks before its names.
  var encoderPrefix: String { self == .nvlabs || self == .mmseg ? "backbone." : "segformer." }

  /// What a file of this dialect calls one of the network's entries, or the matrix that it is a part of.
  public func fileName(of name: String) -> String { place(of: name).name }

  /// The place of one of the network's entries.
  func place(of name: String) -> SegFormerPlace {
    let parts = name.split(separator: ".").map(String.init)
    switch self {
    case .huggingface: return SegFormerPlace(name: name)
    case .transformers5: return SegFormerPlace(name: transformers5(parts))
    case .nvlabs: return nvlabs(parts)
    case .mmseg: return mmseg(parts)
    }
  }

  /// - Throws: a `Problem` that lists the dialects.
  static func named(_ name: String) throws -> SegFormerDialect {
    if let found = SegFormerDialect(rawValue: name) { return found }
    throw unknownName(name, of: "dialect of a SegFormer's weights", known: allCases.map(\.rawValue))
  }

  // MARK: transformers 5

  private func transformers5(_ name: [String]) -> String {
    guard name[0] == "segformer" else {
      return name.map { $0 == "linear_c" ? "linear_projections" : $0 }.joined(separator: ".")
    }
    let (stage, last) = ("segformer.stages.\(name[3])", name[name.count - 1])
    guard name[2] == "block" else {
      return ([stage, name[2]] + name.dropFirst(4)).joined(separator: ".")
    }
    let inner = name.dropFirst(5).dropLast().joined(separator: ".")
    return "\(stage).blocks.\(name[4]).\(Self.transformers5Inner[inner] ?? inner).\(last)"
  }

  private static let transformers5Inner = [
    "layer_norm_1": "layernorm_before", "layer_norm_2": "layernorm_after",
    "attention.self.query": "attention.q_proj", "attention.self.key": "attention.k_proj",
    "attention.self.value": "attention.v_proj", "attention.output.dense": "attention.o_proj",
    "attention.self.sr": "attention.sequence_reduction.sequence_reduction",
    "attention.self.layer_norm": "attention.sequence_reduction.layer_norm",
    "mlp.dense1": "mlp.fc1", "mlp.dense2": "mlp.fc2",
  ]

  // MARK: The authors' code

  private func nvlabs(_ name: [String]) -> SegFormerPlace {
    guard name[0] == "segformer" else { return SegFormerPlace(name: nvlabsHead(name)) }
    let stage = (Int(name[3]) ?? 0) + 1
    let rest = Array(name.dropFirst(4))
    let last = name[name.count - 1]
    switch name[2] {
    case "patch_embeddings":
      return SegFormerPlace(
        name: "backbone.patch_embed\(stage).\(rest[0] == "proj" ? "proj" : "norm").\(last)")
    case "layer_norm": return SegFormerPlace(name: "backbone.norm\(stage).\(last)")
    default:
      let block = "backbone.block\(stage).\(rest[0])"
      let inner = rest.dropFirst().dropLast().joined(separator: ".")
      let isValue = inner == "attention.self.value"
      if isValue || inner == "attention.self.key" {
        return SegFormerPlace(name: "\(block).attn.kv.\(last)", part: isValue ? 1 : 0, parts: 2)
      }
      return SegFormerPlace(name: "\(block).\(Self.nvlabsInner[inner] ?? inner).\(last)")
    }
  }

  private static let nvlabsInner = [
    "layer_norm_1": "norm1", "layer_norm_2": "norm2", "attention.self.query": "attn.q",
    "attention.self.sr": "attn.sr", "attention.self.layer_norm": "attn.norm",
    "attention.output.dense": "attn.proj", "mlp.dense1": "mlp.fc1", "mlp.dense2": "mlp.fc2",
    "mlp.dwconv.dwconv": "mlp.dwconv.dwconv",
  ]

  private func nvlabsHead(_ name: [String]) -> String {
    let last = name[name.count - 1]
    switch name[1] {
    case "linear_c": return "decode_head.linear_c\((Int(name[2]) ?? 0) + 1).\(name[3]).\(last)"
    case "linear_fuse": return "decode_head.linear_fuse.conv.\(last)"
    case "batch_norm": return "decode_head.linear_fuse.bn.\(last)"
    default: return "decode_head.linear_pred.\(last)"
    }
  }

  // MARK: mmseg

  private func mmseg(_ name: [String]) -> SegFormerPlace {
    let last = name[name.count - 1]
    guard name[0] == "segformer" else { return mmsegHead(name) }
    let stage = "backbone.layers.\(name[3])"
    switch name[2] {
    case "patch_embeddings":
      return SegFormerPlace(name: "\(stage).0.\(name[4] == "proj" ? "projection" : "norm").\(last)")
    case "layer_norm": return SegFormerPlace(name: "\(stage).2.\(last)")
    default:
      let block = "\(stage).1.\(name[4])"
      let inner = name.dropFirst(5).dropLast().joined(separator: ".")
      if let part = ["query", "key", "value"].firstIndex(where: { inner == "attention.self.\($0)" }) {
        return SegFormerPlace(name: "\(block).attn.attn.in_proj_\(last)", part: part, parts: 3)
      }
      return SegFormerPlace(
        name: "\(block).\(Self.mmsegInner[inner] ?? inner).\(last)",
        isConvolution: inner.hasPrefix("mlp.dense") && last == "weight")
    }
  }

  private static let mmsegInner = [
    "layer_norm_1": "norm1", "layer_norm_2": "norm2", "attention.self.sr": "attn.sr",
    "attention.self.layer_norm": "attn.norm", "attention.output.dense": "attn.attn.out_proj",
    "mlp.dense1": "ffn.layers.0", "mlp.dwconv.dwconv": "ffn.layers.1", "mlp.dense2": "ffn.layers.4",
  ]

  private func mmsegHead(_ name: [String]) -> SegFormerPlace {
    let last = name[name.count - 1]
    switch name[1] {
    case "linear_c" where name[3] == "proj":
      return SegFormerPlace(
        name: "decode_head.convs.\(name[2]).conv.\(last)", isConvolution: last == "weight")
    case "linear_c": return SegFormerPlace(name: "decode_head.convs.\(name[2]).bn.\(last)")
    case "linear_fuse": return SegFormerPlace(name: "decode_head.fusion_conv.conv.\(last)")
    case "batch_norm": return SegFormerPlace(name: "decode_head.fusion_conv.bn.\(last)")
    default: return SegFormerPlace(name: "decode_head.conv_seg.\(last)")
    }
  }
}

extension SegFormer.Description {
  /// The names of the network's entries, without a network.
  var entryNames: [String] {
    func both(_ name: String) -> [String] { ["\(name).weight", "\(name).bias"] }
    func batchNorm(_ name: String) -> [String] {
      both(name) + ["\(name).running_mean", "\(name).running_var"]
        + (counters ? ["\(name).num_batches_tracked"] : [])
    }
    let encoder = (0..<4).flatMap { i in
      let layers =
        ["patch_embeddings.\(i).proj", "patch_embeddings.\(i).layer_norm", "layer_norm.\(i)"]
        + (0..<size.depths[i]).flatMap { j in
          Self.layersOfBlock(reduced: Self.reductions[i] > 1).map { "block.\(i).\(j).\($0)" }
        }
      return layers.flatMap { both("segformer.encoder.\($0)") }
    }
    let head = "decode_head"
    let branches = (0..<4).flatMap { i in
      branch == .linear
        ? both("\(head).linear_c.\(i).proj")
        : ["\(head).linear_c.\(i).proj.weight"] + batchNorm("\(head).linear_c.\(i).batch_norm")
    }
    return encoder + branches + ["\(head).linear_fuse.weight"] + batchNorm("\(head).batch_norm")
      + both("\(head).classifier")
  }

  private static func layersOfBlock(reduced: Bool) -> [String] {
    let attention = ["query", "key", "value"] + (reduced ? ["sr", "layer_norm"] : [])
    return attention.map { "attention.self.\($0)" }
      + ["attention.output.dense", "layer_norm_1", "layer_norm_2"]
      + ["mlp.dense1", "mlp.dwconv.dwconv", "mlp.dense2"]
  }
}
