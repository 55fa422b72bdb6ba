// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// A family of networks under one `--network` name: how its weights are recognised and how one is built.
///
/// Adding a network is adding its file and its line in `all`; nothing else knows networks by name.
public struct NetworkFamily: Sendable {
  /// The name that `--network` takes.
  public let name: String
  /// Normalisation of published weights of this family, where nothing says more.
  public let normalisation: Normalisation
  /// Whether a fresh network can have an auxiliary classifier, by the variant "auxiliary=true".
  public let canHaveAuxiliary: Bool
  /// The checkpoint's entries under the network's names; nil where they are not of this family.
  let recognise: @Sendable (Checkpoint) throws -> RecognisedWeights?
  /// The same for weights of a body without a classifier, or with another one.
  let recogniseBody: @Sendable (Checkpoint) throws -> RecognisedWeights?
  /// Builds the variant that recognised weights and the request tell of; it has yet to load them.
  let build: @Sendable (RecognisedWeights, BuildRequest) throws -> any Segmenter
  /// Builds a network with fresh weights for training.
  let make: @Sendable (BuildRequest) throws -> any Segmenter
  /// What recognised weights do not show, as a variant text; empty where they show all.
  let describe: @Sendable (RecognisedWeights, VariantText) throws -> String

  /// Every family that is known.
  public static let all: [NetworkFamily] =
    [.espnet, .espnetv2] + DeepLabV2.Description.Backbone.allCases.map(NetworkFamily.deepLabV2)
    + SegFormer.Description.Size.allCases.map(NetworkFamily.segFormer) + [.torchScript]

  /// The family of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> NetworkFamily {
    if let family = all.first(where: { $0.name == name }) { return family }
    let unknown = unknownName(name, of: "network", known: all.map(\.name))
    let isSlip = all.contains { editDistance($0.name, name) <= 2 || $0.name.hasPrefix(name) }
    throw Problem(
      unknown.what, at: unknown.place, because: "it is not built in: \(unknown.why)",
      remedy: (isSlip ? "\(unknown.remedy), or " : "") + NetworkFile.wayIn + ", without --network")
  }

  /// A fresh network to be trained: of the family's default variant with what the request changes.
  /// - Throws: `Problem` where the variant is none of this family.
  public func fresh(_ request: BuildRequest) throws -> any Segmenter { try make(request) }
}

/// What a caller decides about a network to be built.
public struct BuildRequest: Sendable {
  /// How many classes the network is to tell apart.
  public var classCount: Int
  /// How it takes its pixels.
  public var normalisation: Normalisation
  /// What differs from the family's default variant.
  public var variant: VariantText
  /// Where it is to live.
  public var device: Device
  /// What fresh parameters are drawn from.
  public var seed: UInt64

  /// A request for a network of so many classes.
  public init(
    classCount: Int, normalisation: Normalisation, variant: VariantText = .none, device: Device = .cpu,
    seed: UInt64 = 0
  ) {
    self.classCount = classCount
    self.normalisation = normalisation
    self.variant = variant
    self.device = device
    self.seed = seed
  }
}

extension NetworkFamily {
  static let espnet = NetworkFamily(
    name: "espnet", normalisation: .espnetCityscapes, canHaveAuxiliary: false,
    recognise: { checkpoint in
      ESPNet.Description(checkpoint).map { _ in RecognisedWeights(checkpoint: checkpoint.withoutCounters) }
    },
    recogniseBody: { checkpoint in
      ESPNet.Description(checkpoint).map { _ in RecognisedWeights(checkpoint: checkpoint.withoutCounters) }
    },
    build: { weights, request in
      try refuseVariant(request.variant)
      guard let description = ESPNet.Description(weights.checkpoint) else {
        fatalError("the weights were recognised as an ESPNet's")
      }
      guard description.outputs - request.classCount == 0 || description.outputs - request.classCount == 1
      else { throw otherClasses(description.outputs, request, at: "classifier.weight") }
      return ESPNet(
        description, classCount: request.classCount, normalisation: request.normalisation,
        device: request.device)
    },
    make: { request in
      try refuseVariant(request.variant)
      guard request.classCount >= ESPNet.Description.fewestOutputs else {
        throw Problem(
          "cannot make the network", at: "espnet",
          because: "it needs at least \(ESPNet.Description.fewestOutputs) classes, got \(request.classCount)",
          remedy: "take another --network, or label more classes")
      }
      return ESPNet(
        ESPNet.Description(outputs: request.classCount), classCount: request.classCount,
        normalisation: request.normalisation, device: request.device, seed: request.seed)
    },
    describe: { _, variant in
      try refuseVariant(variant)
      return ""
    })

  private static func refuseVariant(_ variant: VariantText) throws {
    guard !variant.isEmpty else { return }
    throw Problem(
      "cannot use the variant", at: "espnet", because: "its weights show all there is to know",
      remedy: "leave it out")
  }

  static func otherClasses(_ outputs: Int, _ request: BuildRequest, at place: String) -> Problem {
    Problem(
      "cannot use the weights", at: place,
      because: "they have \(outputs) outputs, and the label space has \(request.classCount) classes",
      remedy: "name the label space they were trained for with --classes")
  }
}

extension ESPNet.Description {
  /// Far more of a level than the published 8: a file may name any number without holding their weights.
  private static let mostBlocks = 64

  /// Reads the variant off names and shapes; nil where they are not those of an ESPNet with its decoder.
  public init?(_ checkpoint: Checkpoint) {
    func blocks(_ level: String) -> Int {
      (0..<Self.mostBlocks).first { checkpoint["encoder.\(level).\($0).c1.conv.weight"] == nil }
        ?? Self.mostBlocks
    }
    guard let classifier = checkpoint["classifier.weight"], classifier.shape.count == 4,
      let fusion = checkpoint["conv.conv.weight"], fusion.shape.count == 4,
      checkpoint["encoder.level2_0.c1.conv.weight"] != nil
    else { return nil }
    let (outputs, skip) = (classifier.shape[1], fusion.shape[1] - classifier.shape[1])
    guard outputs >= Self.fewestOutputs, skip == 16 || skip == 19 else { return nil }
    self.init(p: blocks("level2"), q: blocks("level3"), outputs: outputs, skip: skip)
  }
}
