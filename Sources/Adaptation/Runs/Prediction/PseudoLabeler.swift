// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation

/// Label maps kept as PNG files in a folder, under the images' names.
public struct PseudoLabelFolder: PseudoLabelSource {
  /// The folder.
  public let path: String
  let classCount: Int

  package init(path: String, classCount: Int) {
    (self.path, self.classCount) = (path, classCount)
  }

  public func label(named name: String) throws -> LabelMap {
    let file = "\(path)/\(name).png"
    let image = try ImageFile.readIndices(file)
    guard image.channels == 1, let pixels = classes(image.values) else {
      throw Problem(
        "cannot use the pseudo-label", at: file,
        because: "it holds other values than classes 0 to \(classCount - 1)",
        remedy: "remove the folder, and it is made anew")
    }
    return LabelMap(size: image.size, pixels: pixels)
  }

  /// The values as bytes; nil where one is no class.
  private func classes(_ values: [UInt16]) -> [UInt8]? {
    let count = UInt16(classCount)
    var foreign: UInt16 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: values.count) { output, written in
      values.withUnsafeBufferPointer { values in
        for i in 0..<values.count {
          foreign |= values[i] < count || values[i] == 255 ? 0 : 1
          output[i] = UInt8(truncatingIfNeeded: values[i])
        }
      }
      written = values.count
    }
    return foreign == 0 ? pixels : nil
  }
}

/// Makes the source network's labels of the target images, once for each set of weights, images and settings.
///
/// Source: Cao et al. 2024: probabilities at several scales, each plain and mirrored, summed at the image's
/// size.
public struct PseudoLabeler {
  private let network: LoadedNetwork
  var predictor: Predictor

  /// A labeller with the source network.
  public init(_ network: LoadedNetwork, _ settings: PredictionSettings) {
    self.network = network
    predictor = Predictor(network.network, settings)
  }

  /// Refuses what was asked for where the network does not take it, as `Predictor.check()`.
  public func check() throws { try predictor.check() }

  /// What the labels depend on, as a name: weights and how they are read, statistics, images and settings.
  ///
  /// - `imagesHash`: the list's `contentHash()`, which reads every image and so is asked for once.
  /// - `state`: what changed in the network since it was loaded, in words.
  public func key(imagesHash: String, state: String = "") -> String {
    let parts = [
      network.sha256, network.classes.name, "\(network.network.normalisation)", network.network.variant,
      imagesHash, predictor.settings.fingerprint, state,
    ]
    return String(FileHash.sha256(of: Array(parts.joined(separator: "\n").utf8)).prefix(32))
  }

  /// Whether a folder holds all labels already.
  func isDone(in folder: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/complete") }

  /// The labels of all images in `folder`, which appears whole or not at all; those already there are used.
  ///
  /// - `peers`: processes that share the work; each machine keeps all labels.
  /// - `progress`: called after each image with the count so far.
  /// - Returns: the labels, and whether they were there already.
  public func labels(
    _ images: ImageList, in folder: String, peers: Peers? = nil, progress: (Int) throws -> Void = { _ in }
  ) throws -> (labels: PseudoLabelFolder, cached: Bool) {
    let result = PseudoLabelFolder(path: folder, classCount: network.network.classCount)
    let isThere = isDone(in: folder)
    // Where one machine lacks them, all work.
    if try peers.map({ try $0.all(isThere) }) ?? isThere { return (result, true) }
    let partial = PartialFolder(of: folder)
    let keeps = peers.map { $0.place.localRank == 0 } ?? true
    if keeps { try partial.make() }
    defer { if keeps { partial.remove() } }
    try write(
      images, to: keeps ? partial.path : nil, confidence: nil, peers: peers, progress: progress)
    if keeps {
      try AtomicFile.write("\(images.count) label maps\n", to: "\(partial.path)/complete")
      if let why = partial.finish() {
        throw Problem(
          "cannot keep the pseudo-labels", at: folder, because: why,
          remedy: "make room or choose another cache folder with IAPC_CACHE")
      }
    }
    // Nobody reads before the last machine has its folder.
    if let peers { _ = try peers.all(true) }
    return (result, false)
  }

  /// Writes `NAME.png` label maps to one folder and, on request, confidences (255 = certain) to another.
  ///
  /// - `folder`: nil in a process that helps `peers`, and writes nothing.
  public func write(
    _ images: ImageList, to folder: String?, confidence: String?, peers: Peers? = nil,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    let own = peers.turns(of: images.count)
    let reader = images.readAhead(own)
    defer { reader.stop() }
    let width = peers?.count ?? 1
    for first in stride(from: 0, to: images.count, by: width) {
      // One image each; who has none takes part in the exchange.
      let mine = first + (peers?.rank ?? 0)
      let made = mine < images.count ? try files(reader, withConfidence: confidence != nil) : []
      let all = try peers.map { try $0.gathered(made) } ?? [made]
      for (entry, files) in zip(images.entries[first...], all) where folder != nil {
        try predictor.clock.measure("write") {
          for (folder, bytes) in zip([folder, confidence].compactMap { $0 }, files) {
            let path = "\(folder)/\(entry.name).png"
            try makeFolder(parentFolder(of: path))
            try AtomicFile.write(bytes, to: path)
          }
        }
      }
      try progress(min(images.count, first + width))
    }
  }

  /// The files of the next image: its labels and, where wanted, their confidence.
  private func files(
    _ reader: BatchLoader<RGBImage>, withConfidence: Bool
  ) throws -> [[UInt8]] {
    guard let image = try predictor.clock.measure("read", reader.next).first else { return [] }
    let palette = network.classes.palette
    guard withConfidence else {
      let labels = predictor.labels(of: image)
      return [labels.pngBytes(palette: palette, compression: 1)]
    }
    let result = predictor.labelsAndConfidence(of: image)
    return [
      result.labels.pngBytes(palette: palette, compression: 1),
      result.confidence.pngBytes(compression: 1),
    ]
  }
}
