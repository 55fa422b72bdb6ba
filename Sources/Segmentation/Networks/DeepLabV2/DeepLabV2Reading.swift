// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// Finds out that a checkpoint holds a DeepLabV2, and which.
enum DeepLabV2Reading {
  /// The weights of a whole network or, on request, of a body alone; nil where there is none.
  /// - Throws: `Problem` for a DeepLabV2 with another classifier than the plain one.
  static func recognise(_ checkpoint: Checkpoint, bodies: Bool = false) throws -> RecognisedWeights? {
    for dialect in WeightsDialect.all where bodies || dialect.lacks.isEmpty {
      guard var found = dialect.translate(checkpoint) else { continue }
      let names = found.ruled
      let isResNet = names.contains("layer4.0.conv3.weight")
      guard isResNet || names.contains("features.27.weight") else { continue }
      try refuseOtherHeads(names)
      let head = isResNet ? "layer6." : "classifier."
      let whole =
        names.contains("\(head)conv2d_list.0.weight") && (isResNet || names.contains("features.31.weight"))
      let lacking =
        !dialect.lacks.isEmpty && !names.contains { name in dialect.lacks.contains(where: name.hasPrefix) }
      guard whole || lacking else { continue }
      dropForeignAuxiliary(&found)
      return found
    }
    return nil
  }

  /// ProDA and LDBE put group normalisation and more between the branches and the classes.
  private static func refuseOtherHeads(_ names: Set<String>) throws {
    let other = names.sorted().first { name in
      let parts = name.split(separator: ".")
      guard let at = parts.firstIndex(of: "conv2d_list"), parts.count > at + 3 else { return false }
      return parts[at + 1...at + 2].allSatisfy { Int($0) != nil }
    }
    guard let other else { return }
    throw Problem(
      "cannot use the weights", at: other,
      because: "the classifier's branches hold layers of their own, as those of ProDA and LDBE do (group "
        + "normalisation, a bottleneck), expected DeepLabV2's plain sum of four convolutions",
      remedy: "take weights of the plain network, or start training from this body")
  }

  /// Leaves out a `layer5` that is no classifier of the same classes on `layer3`'s output.
  private static func dropForeignAuxiliary(_ found: inout RecognisedWeights) {
    let own = found.checkpoint["layer6.conv2d_list.0.weight"]
    guard let auxiliary = found.checkpoint["layer5.conv2d_list.0.weight"], let own else { return }
    let features = (found.checkpoint["layer3.0.conv3.weight"]?.shape.first) ?? 0
    if auxiliary.shape.count == 4, auxiliary.shape[0] == own.shape.first, auxiliary.shape[1] == features {
      return
    }
    let dropped = found.checkpoint.tensors.filter { $0.name.hasPrefix("layer5.") }.map(\.name)
    found.checkpoint.tensors.removeAll { $0.name.hasPrefix("layer5.") }
    found.ignored += dropped
    found.notes.append(
      "left out the auxiliary head layer5: its shape is \(auxiliary.shape), expected "
        + "[\(own.shape.first ?? 0), \(features), 3, 3]")
  }
}

extension DeepLabV2.Description {
  /// Channels of the first stage, 64 as published: a file may tell of any number without holding the weights.
  private static let widest = 128

  /// What names and shapes show; the rest is as in ADVENT's network. Nil where they are not those of one of
  /// the backbones.
  init?(showing weights: RecognisedWeights) {
    let shapes = weights.checkpoint.shapes
    func blocks(_ layer: Int) -> Int {
      (0...).first { shapes["layer\(layer).\($0).conv1.weight"] == nil } ?? 0
    }
    let isVGG = shapes["features.0.weight"] != nil
    let depths = (1...4).map(blocks)
    guard let found = isVGG ? .vgg16 : Backbone.allCases.first(where: { $0.depths == depths }),
      let width = shapes[isVGG ? "features.0.weight" : "layer1.0.conv1.weight"]?.first,
      (1...Self.widest).contains(width)
    else { return nil }
    let head = shapes[isVGG ? "classifier.conv2d_list.0.weight" : "layer6.conv2d_list.0.weight"]
    self.init(found, outputs: max(1, head?.first ?? 1))
    self.width = width
    stem = shapes["stem.0.weight"] == nil ? .plain : .deep
    counters = shapes.keys.contains { $0.hasSuffix(".num_batches_tracked") }
    auxiliary = shapes["layer5.conv2d_list.0.weight"] != nil
  }

  /// The whole variant: what weights show, what their file or its dialect says, then what the user says.
  /// - Throws: `Problem` for an unknown property or value, and one that the weights contradict.
  init?(_ weights: RecognisedWeights, _ said: VariantText) throws {
    guard let shown = Self(showing: weights) else { return nil }
    self = shown
    if said.origin == nil, let own = weights.checkpoint.metadata[NetworkFile.Key.variant] {
      for property in try VariantText(own).properties { try set(property) }
    } else {
      try apply(said.origin ?? VariantOrigin.named(weights.dialect?.origin ?? "advent"))
    }
    for property in said.properties { try set(property) }
    try checkAgainst(shown)
  }

  /// A variant to be trained: ADVENT's with the changes.
  init(_ backbone: Backbone, outputs: Int, _ said: VariantText) throws {
    self.init(backbone, outputs: outputs)
    if let origin = said.origin { try apply(origin) }
    for property in said.properties { try set(property) }
    if norm == .frozen { counters = false }
  }

  private mutating func apply(_ origin: VariantOrigin) throws {
    for property in origin.properties where backbone != .vgg16 || property.name == "branches" {
      try set(property)
    }
    if origin.freezesUncounted, !counters { (norm, epsilon) = (.frozen, 0) }
  }

  /// Refuses a property that the weights show otherwise.
  private func checkAgainst(_ shown: Self) throws {
    let wrong = Self.properties.first { $0.isShown && $0.text(self) != $0.text(shown) }
    if let wrong {
      throw Problem(
        "cannot use the variant", at: "\(wrong.name)=\(wrong.text(self))",
        because: "the weights have \(wrong.name)=\(wrong.text(shown))", remedy: "leave it out")
    }
    if norm == .frozen, counters {
      throw Problem(
        "cannot use the variant", at: "norm=frozen",
        because: "the weights count batches, which frozen layers do not", remedy: "leave it out")
    }
  }
}

extension DeepLabV2.Description.Backbone {
  /// Blocks of each stage; empty for a network without.
  var depths: [Int] {
    switch self {
    case .resnet101: [3, 4, 23, 3]
    case .resnet50: [3, 4, 6, 3]
    case .vgg16: []
    }
  }
}
