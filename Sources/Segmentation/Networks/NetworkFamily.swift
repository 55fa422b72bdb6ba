// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// A family of networks under one `--network` name: how its weights are recognised and how one is built.
///
/// Adding a network is adding its file and its line in `all`; nothing else knows networks by name.
public struct NetworkFamily: Sendable {
  public let name: String
  /// Normalisation of published weights of this family.
  public let normalisation: Normalisation
  /// Builds the variant that a checkpoint's names and shapes tell of; nil where they are not of this family.
  /// The network has yet to load the weights.
  let read: @Sendable (Checkpoint, BuildRequest) throws -> (any Segmenter)?
  /// Builds the default variant with fresh weights for training.
  let make: @Sendable (BuildRequest) -> any Segmenter

  public static let all: [NetworkFamily] = [.espnet]

  public static func named(_ name: String) throws -> NetworkFamily {
    if let family = all.first(where: { $0.name == name }) { return family }
    throw unknownName(name, of: "network", known: all.map(\.name))
  }

  /// A fresh network of the family's default variant, to be trained.
  public func fresh(_ request: BuildRequest) -> any Segmenter { make(request) }
}

/// What a caller decides about a network to be built.
public struct BuildRequest: Sendable {
  public var classCount: Int
  public var normalisation: Normalisation
  public var device: Device
  public var seed: UInt64

  public init(classCount: Int, normalisation: Normalisation, device: Device = .cpu, seed: UInt64 = 0) {
    self.classCount = classCount
    self.normalisation = normalisation
    self.device = device
    self.seed = seed
  }
}

extension NetworkFamily {
  static let espnet = NetworkFamily(
    name: "espnet", normalisation: .espnetCityscapes,
    read: { checkpoint, request in
      guard let description = ESPNet.Description(checkpoint) else { return nil }
      guard description.outputs - request.classCount == 0 || description.outputs - request.classCount == 1
      else {
        throw Problem(
          "cannot use the weights", at: "classifier.weight",
          because:
            "they have \(description.outputs) outputs, and the label space has \(request.classCount) classes",
          remedy: "name the label space they were trained for with --classes")
      }
      return ESPNet(
        description, classCount: request.classCount, normalisation: request.normalisation,
        device: request.device)
    },
    make: { request in
      ESPNet(
        ESPNet.Description(outputs: request.classCount), classCount: request.classCount,
        normalisation: request.normalisation, device: request.device, seed: request.seed)
    })
}

extension ESPNet.Description {
  /// Reads the variant off names and shapes; nil where they are not those of an ESPNet with its decoder.
  public init?(_ checkpoint: Checkpoint) {
    func blocks(_ level: String) -> Int {
      (0...).first { checkpoint["encoder.\(level).\($0).c1.conv.weight"] == nil } ?? 0
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
