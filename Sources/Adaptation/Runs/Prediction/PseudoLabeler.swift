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

  /// What the labels depend on, as a name: weights, statistics, images and settings.
  ///
  /// - `imagesHash`: the list's `contentHash()`, which reads every image and so is asked for once.
  /// - `state`: what changed in the network since it was loaded, in words.
  public func key(imagesHash: String, state: String = "") -> String {
    let parts = [
      network.sha256, network.classes.name, imagesHash, predictor.settings.fingerprint, state,
    ]
    return String(FileHash.sha256(of: Array(parts.joined(separator: "\n").utf8)).prefix(32))
  }

  /// Whether a folder holds all labels already.
  func isDone(in folder: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/complete") }

  /// The labels of all images in `folder`, which appears whole or not at all; those already there are used.
  ///
  /// - `progress`: called after each image with the count so far.
  /// - Returns: the labels, and whether they were there already.
  public func labels(
    _ images: ImageList, in folder: String, progress: (Int) throws -> Void = { _ in }
  ) throws -> (labels: PseudoLabelFolder, cached: Bool) {
    let result = PseudoLabelFolder(path: folder, classCount: network.network.classCount)
    if isDone(in: folder) { return (result, true) }
    let partial = PartialFolder(of: folder)
    defer { partial.remove() }
    try partial.make()
    try write(images, to: partial.path, confidence: nil, progress: progress)
    try AtomicFile.write("\(images.count) label maps\n", to: "\(partial.path)/complete")
    if let why = partial.finish() {
      throw Problem(
        "cannot keep the pseudo-labels", at: folder, because: why,
        remedy: "make room or choose another cache folder with IAPC_CACHE")
    }
    return (result, false)
  }

  /// Writes `NAME.png` label maps to one folder and, on request, confidences (255 = certain) to another.
  public func write(
    _ images: ImageList, to folder: String, confidence: String?, progress: (Int) throws -> Void = { _ in }
  ) throws {
    let reader = images.readAhead
    defer { reader.stop() }
    let palette = network.classes.palette
    for (index, entry) in images.entries.enumerated() {
      guard let image = try predictor.clock.measure("read", reader.next).first else { break }
      try makeFolder(parent(of: "\(folder)/\(entry.name)"))
      if let confidence {
        try makeFolder(parent(of: "\(confidence)/\(entry.name)"))
        let result = predictor.labelsAndConfidence(of: image)
        try result.labels.writePNG(to: "\(folder)/\(entry.name).png", palette: palette, compression: 1)
        try result.confidence.writePNG(to: "\(confidence)/\(entry.name).png", compression: 1)
      } else {
        let labels = predictor.labels(of: image)
        try predictor.clock.measure("write") {
          try labels.writePNG(to: "\(folder)/\(entry.name).png", palette: palette, compression: 1)
        }
      }
      try progress(index + 1)
    }
  }

  private func parent(of path: String) -> String { parentFolder(of: path) }
}
