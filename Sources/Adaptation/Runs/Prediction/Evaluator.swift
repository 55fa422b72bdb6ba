// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A score on labelled images, with what it was measured on.
public struct Evaluation: Sendable {
  /// Pixels by true and predicted class.
  public let matrix: ConfusionMatrix
  /// What the labels hold.
  public let space: LabelSpace
  /// How many images were scored.
  public let images: Int
  /// Images that should have been scored and were not: absent, or without a label; nil where it is unknown.
  public var missing: Int?
  /// How long it took.
  public let seconds: Double
  /// The mean over the classes that have an IoU, 0 ... 1; nil where no pixel has a label.
  public var meanIoU: Double? { matrix.meanIoU }
  /// The line that tells why there is no mean; nil where there is one.
  public var whyUnscored: String? {
    meanIoU == nil ? whyNoScore(images: images, space: space.name) : nil
  }

  /// The result of scoring images.
  public init(matrix: ConfusionMatrix, space: LabelSpace, images: Int, missing: Int? = nil, seconds: Double) {
    self.matrix = matrix
    self.space = space
    self.images = images
    self.missing = missing
    self.seconds = seconds
  }
}

/// Scores a network, or label maps that something else wrote: labels are true ones here, and only here.
public struct Evaluator {
  private let mapping: LabelMapping
  private let data: LabelledImages
  /// The predicted and the true classes of the pairs, in order.
  private let pairs: ([Int]) -> any PairReader
  private var clock: PhaseClock?

  /// - `classes`: the label space that the network predicts.
  /// - `data`: images with labels, in a label space that `classes` maps to.
  public init(_ predictor: Predictor, classes: LabelSpace, data: LabelledImages) throws {
    mapping = try LabelMapping(from: classes, to: data.space)
    self.data = data
    clock = predictor.clock
    pairs = { NetworkPairs(predictor: predictor, samples: data.readAhead($0)) }
  }

  /// - `maps`: what the label maps hold.
  /// - `data`: label maps in the place of images, with labels in a label space that `maps` maps to.
  public init(labelMapsOf maps: LabelSpace, data: LabelledImages) throws {
    mapping = try LabelMapping(from: maps, to: data.space)
    self.data = data
    pairs = { _ in MapPairs(space: maps, data: data) }
  }

  /// One confusion matrix over all images; a network's prediction is brought to each label's size.
  ///
  /// - `peers`: processes that share the images; each gets the matrix of all.
  /// - `progress`: called after each image with the count so far.
  /// - Throws: a `Problem` for a file that cannot be read and for a label map of another size than its label.
  public func run(peers: Peers? = nil, progress: (Int) throws -> Void = { _ in }) throws -> Evaluation {
    let start = Date()
    var matrix = ConfusionMatrix(classCount: data.space.count)
    let indices = peers.turns(of: data.count)
    let pairs = pairs(indices)
    defer { pairs.stop() }
    for (done, index) in indices.enumerated() {
      guard let pair = try pairs.read(index) else { break }
      clock.measure("score") { matrix.add(prediction: mapping(pair.prediction), label: pair.label) }
      try progress(min(data.count, (done + 1) * (peers?.count ?? 1)))
    }
    if let peers { matrix = try peers.sum(matrix) }
    return Evaluation(
      matrix: matrix, space: data.space, images: data.count, missing: data.imagesLeftOut.count,
      seconds: Date().timeIntervalSince(start))
  }
}

/// Gives predicted and true classes, pair by pair.
private protocol PairReader {
  /// The pair of an index, which counts up from 0; nil after the last.
  func read(_ index: Int) throws -> (prediction: LabelMap, label: LabelMap)?
  func stop()
}

private struct NetworkPairs: PairReader {
  let predictor: Predictor
  let samples: BatchLoader<LabelledImages.Sample>

  func read(_ index: Int) throws -> (prediction: LabelMap, label: LabelMap)? {
    guard let sample = try predictor.clock.measure("read", samples.next).first else { return nil }
    try predictor.checkStatistics(ofImage: sample.image.size, at: sample.name)
    return (predictor.labels(of: sample.image, at: sample.label.size), sample.label)
  }

  func stop() { samples.stop() }
}

private struct MapPairs: PairReader {
  let space: LabelSpace
  let data: LabelledImages

  func read(_ index: Int) throws -> (prediction: LabelMap, label: LabelMap)? {
    let entry = data.entries[index]
    let prediction = try space.read(entry.image.path, exif: entry.image.exif)
    let label = try data.space.read(entry.labelPath, exif: entry.image.exif)
    guard prediction.size == label.size else {
      throw Problem(
        "a label map has another size than its label", at: entry.image.path,
        because: "it is \(prediction.size), the label \(entry.labelPath) is \(label.size)",
        remedy: "write the label maps at the labels' size")
    }
    return (prediction, label)
  }

  func stop() {}
}

extension LabelledImages {
  /// The pairs of some indices one by one, decoded while the one before is in use.
  func readAhead(_ indices: [Int]) -> BatchLoader<Sample> { inTurn(indices, read) }
}

extension ImageList {
  /// The images of some indices one by one, decoded while the one before is in use.
  func readAhead(_ indices: [Int]) -> BatchLoader<RGBImage> {
    inTurn(indices) { try entries[$0].read() }
  }
}

private func inTurn<Sample: Sendable>(
  _ indices: [Int], _ read: @escaping @Sendable (Int) throws -> Sample
) -> BatchLoader<Sample> {
  // A process that has nothing to do never asks.
  let order = BatchOrder(count: max(1, indices.count), batchSize: 1, seed: 0, shuffled: false)
  return BatchLoader(order: order, workers: 1) { request, _ in try read(indices[request.index]) }
}
