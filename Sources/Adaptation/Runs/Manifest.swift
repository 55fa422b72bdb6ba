// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Torch

/// The version of this toolkit.
public let iapcVersion = "0.1.0"

/// `manifest.json`: what a run was made of, so that its result can be traced.
struct Manifest: Codable, Equatable {
  struct Versions: Codable, Equatable {
    let iapc: String
    let libtorch: String
  }

  struct Weights: Codable, Equatable {
    let file: String
    let sha256: String
    let network: String
    let variant: String
    let classes: String
  }

  struct Images: Codable, Equatable {
    let source: String
    let count: Int
    /// Over all names and contents.
    let sha256: String
    let names: [String]
  }

  let versions: Versions
  let seed: UInt64
  let weights: Weights
  let images: Images
  let command: [String]
  let device: String
  let threads: Int
  let processor: String
  let started: Date

  init(
    _ network: LoadedNetwork, _ images: ImageList, imagesHash: String, settings: AdaptationSettings,
    command: [String]
  ) {
    versions = Versions(iapc: iapcVersion, libtorch: Machine.torchVersion)
    seed = settings.seed
    weights = Weights(
      file: network.file, sha256: network.sha256, network: network.network.name,
      variant: network.network.variant,
      classes: network.classes.name)
    self.images = Images(
      source: images.source, count: images.count, sha256: imagesHash, names: images.entries.map(\.name))
    self.command = command
    device = network.network.store.device.description
    threads = Machine.threads
    processor = Machine.cpuCapability
    started = Date()
  }

  static func read(_ path: String) throws -> Manifest {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decode(Manifest.self, from: Data(FileBytes.read(path))) } catch let problem
      as Problem
    {
      throw problem
    } catch {
      throw Problem(
        "cannot read the run's manifest", at: path, because: "it is damaged or of another version",
        remedy: "start a new run")
    }
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(Array(encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
  }
}
