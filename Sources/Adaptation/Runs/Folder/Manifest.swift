// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Torch

/// The version of this toolkit.
public let iapcVersion = "0.1.0"

/// What a run folder is of, by the command that made it.
public enum RunJob: String, Codable, Sendable {
  /// A run of `iapc adapt`.
  case adapt
  /// A run of `iapc train`.
  case train
}

/// `manifest.json`: what a run was made of, so that its result can be traced.
package struct Manifest: Codable, Equatable {
  package struct Versions: Codable, Equatable {
    package let iapc: String
    package let libtorch: String
  }

  package struct Weights: Codable, Equatable {
    /// The weights that the run began with; nil for fresh ones.
    package var file: String?
    package var sha256: String?
    package let network: String
    package let variant: String
    package let classes: String

    init(_ network: any Segmenter, classes: LabelSpace) {
      self.network = network.name
      variant = network.variant
      self.classes = classes.name
    }

    init(_ loaded: LoadedNetwork) {
      self.init(loaded.network, classes: loaded.classes)
      (file, sha256) = (loaded.file, loaded.sha256)
    }
  }

  package struct Images: Codable, Equatable {
    package let source: String
    package let count: Int
    /// Over all names and contents.
    package let sha256: String
    let names: [String]

    init(_ list: ImageList, sha256: String) {
      (source, count, self.sha256) = (list.source, list.count, sha256)
      names = list.entries.map(\.name)
    }
  }

  /// Images with their label files.
  package struct Labelled: Codable, Equatable {
    let images: Images
    let labels: Images

    /// Reads every file for its hash.
    ///
    /// - `source`: where the two came from.
    /// - `checkStop`: asked between files; what it throws ends the reading.
    init(_ data: LabelledImages, _ source: DataSource, checkStop: () throws -> Void) throws {
      let place = source.images ?? [source.dataset, source.split].compactMap { $0 }.joined(separator: " ")
      let images = try ImageList(source: place, entries: data.entries.map(\.image))
      let labels = try ImageList(
        source: source.labels ?? place,
        entries: data.entries.map { ImageList.Entry(path: $0.labelPath, name: $0.image.name) })
      self.images = Images(images, sha256: try images.contentHash(checkStop: checkStop))
      self.labels = Images(labels, sha256: try labels.contentHash(checkStop: checkStop))
    }
  }

  package let job: RunJob
  package let versions: Versions
  package let seed: UInt64
  /// Every setting, resolved; nil in a run of a version that did not write them.
  package let settings: [String: String]?
  package let weights: Weights
  package let images: Images
  let labels: Images?
  let validation: Labelled?
  /// The folder in which the command was given, to which paths in it are relative; nil in older runs.
  let folder: String?
  package let command: [String]
  package let device: String
  package let threads: Int
  package let processor: String
  package let started: Date

  init(
    _ job: RunJob, _ weights: Weights, images: Images, labels: Images? = nil, validation: Labelled? = nil,
    settings: [(name: String, value: String)], seed: UInt64, device: Device, command: [String]
  ) {
    self.job = job
    versions = Versions(iapc: iapcVersion, libtorch: Machine.torchVersion)
    self.seed = seed
    self.settings = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) })
    self.weights = weights
    self.images = images
    self.labels = labels
    self.validation = validation
    folder = FileManager.default.currentDirectoryPath
    self.command = command
    self.device = device.description
    threads = Machine.threads
    processor = Machine.cpuCapability
    started = Date()
  }

  package static func read(_ path: String) throws -> Manifest {
    let decoder = JSONDecoder.snakeCase
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decode(Manifest.self, from: Data(FileBytes.readText(path))) } catch let problem
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
    let encoder = JSONEncoder.snakeCase
    encoder.dateEncodingStrategy = .iso8601
    try AtomicFile.write(Array(encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
  }
}
