// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A network's score on labelled images, with how it was measured.
public struct Evaluation: Sendable {
  public let matrix: ConfusionMatrix
  public let space: LabelSpace
  public let images: Int
  public let size: PixelSize?
  public let seconds: Double
  public var meanIoU: Double { matrix.meanIoU }
}

/// Scores a network: labels are true ones here, and only here.
public struct Evaluator {
  private let predictor: Predictor
  private let mapping: LabelMapping
  private let data: LabelledImages

  /// - `classes`: the label space that the network predicts.
  /// - `data`: images with labels, in a label space that `classes` maps to.
  public init(_ predictor: Predictor, classes: LabelSpace, data: LabelledImages) throws {
    self.predictor = predictor
    self.data = data
    mapping = try LabelMapping(from: classes, to: data.space)
  }

  /// One confusion matrix over all images; the prediction is brought to each label's size.
  ///
  /// - Parameter progress: called after each image with the count so far.
  public func run(progress: (Int) throws -> Void = { _ in }) throws -> Evaluation {
    let start = Date()
    var matrix = ConfusionMatrix(classCount: data.space.count)
    let pairs = data.readAhead
    defer { pairs.stop() }
    for index in 0..<data.count {
      guard let pair = try pairs.next().first else { break }
      let prediction = predictor.labels(of: pair.image, at: pair.label.size)
      matrix.add(prediction: mapping(prediction), label: pair.label)
      try progress(index + 1)
    }
    return Evaluation(
      matrix: matrix, space: data.space, images: data.count, size: predictor.settings.size,
      seconds: Date().timeIntervalSince(start))
  }
}

extension LabelledImages {
  /// The pairs one by one, decoded while the one before is in use.
  var readAhead: BatchLoader<Sample> {
    BatchLoader(order: BatchOrder(count: count, batchSize: 1, seed: 0, shuffled: false), workers: 1) {
      request, _ in
      try read(request.index)
    }
  }
}

extension ImageList {
  /// The images one by one, decoded while the one before is in use.
  var readAhead: BatchLoader<RGBImage> {
    BatchLoader(order: BatchOrder(count: count, batchSize: 1, seed: 0, shuffled: false), workers: 1) {
      request, _ in
      try ImageFile.readRGB(entries[request.index].path)
    }
  }
}
