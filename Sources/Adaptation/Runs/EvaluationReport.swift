// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

/// What `evaluate --json` writes.
public struct EvaluationReport: Encodable {
  struct ClassScore: Encodable {
    let name: String
    let iou: Double?
    let pixels: Int

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      // Absent from labels and predictions: null, not a missing key.
      try container.encode(iou, forKey: .iou)
      try container.encode(pixels, forKey: .pixels)
    }

    private enum CodingKeys: String, CodingKey { case name, iou, pixels }
  }

  struct Measured: Encodable {
    let input: String
    let resize = "bicubic (Pillow)"
    let upsampling = "bilinear, align_corners"
    let statistics: String
    let predicts: String
  }

  struct Weights: Encodable {
    let file: String
    let sha256: String
  }

  let mIoU: Double
  let classes: [ClassScore]
  let images: Int
  let confusion: [[Int]]
  let unmapped: [Int]
  let labelSpace: String
  let `protocol`: Measured
  let weights: Weights
  let seconds: Double

  public init(_ evaluation: Evaluation, of network: LoadedNetwork, statistics: String) {
    let matrix = evaluation.matrix
    mIoU = evaluation.meanIoU
    classes = evaluation.space.classes.enumerated().map { index, item in
      ClassScore(name: item.name, iou: matrix.iou(index), pixels: matrix.pixels(of: index))
    }
    images = evaluation.images
    confusion = matrix.rows
    unmapped = matrix.unmapped
    labelSpace = evaluation.space.name
    self.protocol = Measured(
      input: evaluation.size?.description ?? "each image's own size", statistics: statistics,
      predicts: network.classes.name)
    weights = Weights(file: network.file, sha256: network.sha256)
    seconds = evaluation.seconds
  }
}

/// Writes a value as JSON, atomically.
public func writeJSON(_ value: some Encodable, to path: String) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  try AtomicFile.write(Array(encoder.encode(value)) + [UInt8(ascii: "\n")], to: path)
}
