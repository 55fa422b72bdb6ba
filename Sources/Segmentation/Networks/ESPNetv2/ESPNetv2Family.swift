// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFamily {
  static let espnetv2 = NetworkFamily(
    name: "espnetv2", normalisation: .imageNet, canHaveAuxiliary: false,
    recognise: { checkpoint in
      ESPNetv2.Description(checkpoint).map { _ in RecognisedWeights(checkpoint: checkpoint) }
    },
    recogniseBody: { checkpoint in
      ESPNetv2.Description(checkpoint).map { _ in RecognisedWeights(checkpoint: checkpoint) }
    },
    build: { weights, request in
      guard let shown = ESPNetv2.Description(weights.checkpoint) else {
        fatalError("the weights were recognised as an ESPNetv2's")
      }
      try shown.check(request.variant)
      guard shown.outputs - request.classCount == 0 || shown.outputs - request.classCount == 1 else {
        throw otherClasses(shown.outputs, request, at: "bu_dec_l4.merge_layer.3.bias")
      }
      return ESPNetv2(
        shown, classCount: request.classCount, normalisation: request.normalisation, device: request.device)
    },
    make: { request in
      guard request.classCount >= ESPNetv2.Description.fewestOutputs else {
        throw Problem(
          "cannot make the network", at: "espnetv2",
          because:
            "it needs at least \(ESPNetv2.Description.fewestOutputs) classes, got \(request.classCount)",
          remedy: "take another --network, or label more classes")
      }
      let size = try ESPNetv2.Description.Size(request.variant) ?? .two
      return ESPNetv2(
        ESPNetv2.Description(size, outputs: request.classCount), classCount: request.classCount,
        normalisation: request.normalisation, device: request.device, seed: request.seed)
    },
    describe: { weights, variant in
      try ESPNetv2.Description(weights.checkpoint)?.check(variant)
      return ""
    })
}

extension ESPNetv2.Description.Size {
  /// The size that a variant text names; nil where it names none.
  /// - Throws: `Problem` for another property than `s`, or another value than it takes.
  init?(_ said: VariantText) throws {
    if let origin = said.origin {
      throw Problem(
        "cannot use the variant", at: origin.name, because: "ESPNetv2s know no origins",
        remedy: "leave it out, or say the scale of the channels as in s=0.5")
    }
    var size: Self?
    for property in said.properties {
      guard property.name == "s" else {
        throw unknownName(property.name, of: "property of the variant", known: ["s"])
      }
      // "2" is "2.0".
      guard let value = Double(property.value),
        let named = Self.allCases.first(where: { Double($0.rawValue) == value })
      else { throw unknownName(property.value, of: "value of s", known: Self.allCases.map(\.rawValue)) }
      size = named
    }
    guard let size else { return nil }
    self = size
  }
}

extension ESPNetv2.Description {
  /// Reads the variant off names and shapes; nil where they are not those of an ESPNetv2 with its decoder.
  public init?(_ checkpoint: Checkpoint) {
    func width(_ name: String) -> Int? {
      checkpoint[name].flatMap { $0.shape.count == 1 ? $0.shape[0] : nil }
    }
    let levels = ["level1", "level2_0", "level3_0", "level4_0"]
    let found = levels.compactMap { width("base_net.\($0).act.weight") }
    guard let outputs = width("bu_dec_l4.merge_layer.3.bias"), outputs >= Self.fewestOutputs,
      let size = Size.allCases.first(where: { Self($0, outputs: outputs).widths == found })
    else { return nil }
    self.init(size, outputs: outputs)
    counters = checkpoint["base_net.level1.bn.num_batches_tracked"] != nil
  }

  /// - Throws: `Problem` where a variant text says another size than the weights show.
  func check(_ said: VariantText) throws {
    guard let other = try Size(said), other != size else { return }
    throw Problem(
      "cannot use the variant", at: "s=\(other.rawValue)",
      because: "the weights are those of s=\(size.rawValue)",
      remedy: "leave it out")
  }
}
