// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

/// What `evaluate --json` writes, and `evaluate --from` reads.
public struct EvaluationReport: Codable, Sendable {
  /// Which weights were scored.
  public struct Weights: Codable, Sendable {
    /// The file.
    public let file: String
    /// Its hash, 64 hexadecimal digits.
    public let sha256: String
  }

  /// The mean over all classes of the label space, whatever class sets were asked for; nil where no pixel has a label.
  @Measured public private(set) var mIoU: Double?
  /// The classes with their scores, in the label space's order.
  public let classes: [ClassScore]
  /// The means over class sets that were asked for.
  public private(set) var classSets: [ClassSetScore]?
  /// How many images were scored.
  public let images: Int
  /// Images that should have been scored and were not; nil where it is unknown.
  public var missing: Int?
  /// Pixels of true class t predicted p, at [t][p].
  public let confusion: [[Int]]
  /// Pixels of each class predicted as none of the label space.
  public let unmapped: [Int]?
  /// The name of what the labels hold.
  public let labelSpace: String
  /// How images were put to the network; nil where label maps were scored.
  public let `protocol`: MeasuredProtocol?
  /// Which weights were scored; nil where label maps were.
  public let weights: Weights?
  /// The folder of label maps, where no network was run.
  public let predictions: String?
  /// How long it took.
  public let seconds: Double

  /// - `way`: the protocol that the evaluation followed.
  /// - `statistics`: which ones normalisation layers used, in words.
  public init(
    _ evaluation: Evaluation, of network: LoadedNetwork, under way: EvaluationProtocol, statistics: String
  ) {
    self.init(
      evaluation,
      MeasuredProtocol(way, statistics: statistics, predicts: network.classes.name),
      weights: Weights(file: network.file, sha256: network.sha256), predictions: nil)
  }

  /// - `predictions`: the folder of label maps that were scored.
  /// - `space`: what they hold.
  public init(_ evaluation: Evaluation, ofLabelMaps predictions: String, in space: LabelSpace) {
    self.init(
      evaluation, MeasuredProtocol(labelMapsOf: space.name), weights: nil, predictions: predictions)
  }

  private init(
    _ evaluation: Evaluation, _ measured: MeasuredProtocol, weights: Weights?, predictions: String?
  ) {
    let matrix = evaluation.matrix
    mIoU = evaluation.meanIoU
    classes = evaluation.space.classes.enumerated().map { index, item in
      ClassScore(name: item.name, iou: matrix.iou(index), pixels: matrix.pixels(of: index))
    }
    images = evaluation.images
    missing = evaluation.missing
    confusion = matrix.rows
    unmapped = matrix.unmapped
    labelSpace = evaluation.space.name
    self.protocol = measured
    self.weights = weights
    self.predictions = predictions
    seconds = evaluation.seconds
  }

  /// Adds the scores of class sets, recomputed from the confusion matrix.
  ///
  /// - Throws: a `Problem` for a set that the label space's classes do not allow.
  public mutating func score(_ sets: [ClassSet]) throws {
    guard !sets.isEmpty else { return }
    guard let matrix = ConfusionMatrix(rows: confusion, unmapped: unmapped), confusion.count == classes.count
    else { fatalError("a report without a matrix for its \(classes.count) classes") }
    let scores = try sets.map { try $0.score(matrix, of: classes.map(\.name)) }
    classSets = (classSets ?? []).filter { old in !scores.contains { $0.name == old.name } } + scores
  }

  /// A report that `evaluate --json` wrote.
  ///
  /// - Throws: a `Problem` for a file that is not there or is none.
  public static func read(_ path: String) throws -> EvaluationReport {
    func refused(_ why: String) -> Problem {
      Problem(
        "cannot read the saved result", at: path, because: why,
        remedy: "give a file that `iapc evaluate --json` wrote")
    }
    let report: EvaluationReport
    do {
      report = try JSONDecoder.snakeCase.decode(EvaluationReport.self, from: Data(FileBytes.readText(path)))
    } catch let error as DecodingError {
      throw refused(told(error))
    }
    let matrix = ConfusionMatrix(rows: report.confusion, unmapped: report.unmapped)
    guard let matrix, matrix.classCount == report.classes.count else {
      throw refused("its confusion matrix does not fit its \(report.classes.count) classes")
    }
    return report
  }

  private static func told(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "it has no entry \(SnakeCaseKey.name(of: key.stringValue))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "its entry \(context.codingPath.map { SnakeCaseKey.name(of: $0.stringValue) }.joined(separator: ".")) "
        + "is of another type"
    default: "it is not JSON"
    }
  }
}

/// How a result was measured, in words and numbers.
public struct MeasuredProtocol: Codable, Sendable {
  /// Windows that images were put to the network in.
  public struct Tiles: Codable, Sendable {
    /// A window's size, "512x512".
    public let size: String
    /// Pixels that neighbours share, at least.
    public let overlap: Int
  }

  /// The protocol's name; nil in results of older versions.
  public let name: String?
  /// The protocol in words.
  public let explanation: String?
  /// Who measures so.
  public let source: String?
  /// The network's input size, "1024x512", or words.
  public let input: String
  /// How images are resized.
  public let resize: String
  /// How scores are brought to the labels' size.
  public let upsampling: String
  /// The size at which classes are compared, in words; nil in results of older versions.
  public let comparedAt: String?
  /// Factors of the input size whose probabilities are summed.
  public let scales: [Double]?
  /// Whether mirrored images count too.
  public let mirror: Bool?
  /// The windows, where there are any.
  public let tiles: Tiles?
  /// Which statistics normalisation layers used, in words.
  public let statistics: String
  /// The label space of the predictions before they are mapped to the labels'.
  public let predicts: String

  init(_ way: EvaluationProtocol, statistics: String, predicts: String) {
    let settings = way.settings
    name = way.name
    explanation = way.explanation
    source = way.source
    input = settings.size?.description ?? "each image's own size"
    resize = settings.interpolation == .bicubic ? "bicubic (Pillow)" : "bilinear (OpenCV)"
    upsampling =
      (settings.alignCorners ? "bilinear, align_corners" : "bilinear, align_corners off")
      + (settings.throughInputSize ? ", through the input's size" : "")
    comparedAt = "each label's own size"
    scales = settings.scales
    mirror = settings.mirror
    tiles = settings.tiling.map { Tiles(size: $0.size.description, overlap: $0.overlap) }
    self.statistics = statistics
    self.predicts = predicts
  }

  init(labelMapsOf predicts: String) {
    name = "label maps"
    explanation = "label maps from files, of each label's own size"
    (source, scales, mirror, tiles) = (nil, nil, nil, nil)
    (input, resize, upsampling, statistics) = ("none", "none", "none", "none")
    comparedAt = "each label's own size"
    self.predicts = predicts
  }
}

/// Writes a value as JSON with keys in snake_case, atomically.
public func writeJSON(_ value: some Encodable, to path: String) throws {
  try AtomicFile.write(Array(JSONEncoder.snakeCase.encode(value)) + [UInt8(ascii: "\n")], to: path)
}
