// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What a `config.json` of `transformers` says that weights do not show.
struct PretrainedConfig: Decodable, Sendable {
  let modelType: String?
  let architectures: [String]?
  let id2label: [String: String]?
  let transformersVersion: String?
  let hiddenAct: String?
  let numAttentionHeads: [Int]?
  let strides: [Int]?

  /// Refuses what is no SegFormer as this library has it.
  func check(at path: String) throws {
    let wayOut =
      "save it in Python as a TorchScript module (torch.jit.trace) and name that file with --weights, "
      + "see Documentation/TorchScript.md"
    guard modelType == "segformer" else {
      let named = architectures?.first ?? modelType ?? "an unknown architecture"
      throw Problem(
        "cannot load the weights", at: path,
        because: "config.json says \(named), and of such folders only those of SegFormers are read",
        remedy: wayOut)
    }
    guard let own = oddity else { return }
    throw Problem(
      "cannot load the weights", at: path,
      because: "config.json says \(own), which no published SegFormer has", remedy: wayOut)
  }

  /// What no published SegFormer has and the weights do not show, in words; nil where there is nothing.
  private var oddity: String? {
    if let hiddenAct, hiddenAct != "gelu" { return "hidden_act \(hiddenAct)" }
    if let heads = numAttentionHeads, heads != SegFormer.Description.heads {
      return "num_attention_heads \(heads)"
    }
    let published: [Int] = SegFormer.Description.embeddings.map { _, stride, _ in stride }
    if let strides, strides != published { return "strides \(strides)" }
    return nil
  }

  /// The names in the order of the outputs; nil where there are none, or ids are left out.
  var classNames: [String]? {
    guard let id2label, !id2label.isEmpty else { return nil }
    let names = (0..<id2label.count).compactMap { id2label["\($0)"] }
    return names.count == id2label.count ? names : nil
  }

  /// Whether the names say more than that there are 19 outputs: those nobody gave are LABEL_0, LABEL_1, ...
  var saysClasses: Bool {
    guard let names = classNames else { return false }
    return names.count != 19 || names.enumerated().contains { $1 != "LABEL_\($0)" }
  }

  /// Whether the package that wrote the folder has the names of its version 5 in memory.
  var hasNamesOfVersion5: Bool {
    (transformersVersion?.split(separator: ".").first).flatMap { Int($0) }.map { $0 >= 5 } ?? false
  }
}

/// What a `preprocessor_config.json` of `transformers` says of images.
struct PretrainedProcessor: Decodable, Sendable {
  /// The sides that images are brought to: an older file's one number, or `shortest_edge` in the place of both.
  struct Size: Decodable, Sendable {
    let height, width: Int?

    private enum CodingKeys: String, CodingKey { case height, width }

    init(from decoder: any Decoder) throws {
      if let side = try? decoder.singleValueContainer().decode(Int.self) {
        (height, width) = (side, side)
      } else if let both = try? decoder.singleValueContainer().decode([Int].self), both.count == 2 {
        (height, width) = (both[0], both[1])
      } else {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        height = try container.decodeIfPresent(Int.self, forKey: .height)
        width = try container.decodeIfPresent(Int.self, forKey: .width)
      }
    }
  }

  let doNormalize, doRescale, doResize, doFlipChannelOrder: Bool?
  let imageMean, imageStd: [Double]?
  let rescaleFactor: Double?
  let size: Size?

  /// The size that images are brought to; nil for their own.
  var resizing: (width: Int, height: Int)? {
    guard doResize ?? true, let width = size?.width, let height = size?.height else { return nil }
    return (width, height)
  }

  /// What the processor does to pixels in 0 to 255: `(x * factor - mean) / std`, of what is left out ImageNet's.
  ///
  /// - Throws: `Problem` for numbers that cannot be used.
  func normalisation(at place: String) throws -> Normalisation {
    let normalises = doNormalize ?? true
    let mean = normalises ? imageMean ?? [0.485, 0.456, 0.406] : [0, 0, 0]
    let std = normalises ? imageStd ?? [0.229, 0.224, 0.225] : [1, 1, 1]
    // One that does not rescale, and has such means, wants pixels that were divided by 255 before.
    let isOfPixelsToOne = normalises && (mean + std).allSatisfy { $0 <= 1 }
    let factor = doRescale ?? true ? rescaleFactor ?? 1 / 255 : isOfPixelsToOne ? 1 / 255 : 1
    guard factor.isFinite, factor > 0, mean.count == 3, std.count == 3 else {
      throw Problem(
        "cannot use the normalisation", at: place,
        because: "expected a rescale_factor above 0 and three of image_mean and image_std each",
        remedy: "correct these numbers, or take the file away and say --normalisation")
    }
    do {
      return try Normalisation(
        order: doFlipChannelOrder ?? false ? .bgr : .rgb, mean: mean.map { $0 / factor },
        std: std.map { $0 / factor })
    } catch let problem as Problem {
      throw Problem(
        problem.what, at: "\(place), \(problem.place)", because: problem.why, remedy: problem.remedy)
    }
  }
}
