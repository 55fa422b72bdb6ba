// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

/// A score of a network in training: a line of `evaluations.jsonl`.
public struct TrainingScore: Codable, Equatable, Sendable {
  /// The score of a class.
  public struct ClassScore: Codable, Equatable, Sendable {
    /// The class's name.
    public let name: String
    /// nil for a class that is neither in labels nor in predictions.
    public let iou: Double?
  }

  /// After how many steps.
  public let step: Int
  /// The mean over the classes that have an IoU, 0 ... 1; nil where no pixel has a label.
  public let mIoU: Double?
  /// The classes in the label space's order.
  public let classes: [ClassScore]

  /// The score of an evaluation after so many steps.
  public init(step: Int, _ evaluation: Evaluation) {
    self.step = step
    mIoU = evaluation.meanIoU
    classes = evaluation.space.classes.enumerated().map { index, item in
      ClassScore(name: item.name, iou: evaluation.matrix.iou(index))
    }
  }

  /// One JSON object, in the order of the declaration.
  package func line() throws -> String {
    let items = try classes.map { item in
      let name = String(decoding: try JSONEncoder().encode(item.name), as: UTF8.self)
      return "{\"name\": \(name), \"iou\": \(item.iou.map { "\($0)" } ?? "null")}"
    }
    let mean = mIoU.map { "\($0)" } ?? "null"
    return "{\"step\": \(step), \"mIoU\": \(mean), \"classes\": [\(items.joined(separator: ", "))]}"
  }
}

/// `evaluations.jsonl`: one object a score.
struct ScoreLog {
  private let path: String
  private(set) var scores: [TrainingScore] = []
  /// What to say of scores that should be there and are not.
  let gap: String?

  /// - `steps`: scores up to this step stay; later ones are of work that was lost, and go.
  /// - `interval`: steps between scores.
  init(_ path: String, keeping steps: Int, every interval: Int) throws {
    self.path = path
    let old = steps > 0 && FileManager.default.fileExists(atPath: path) ? try FileBytes.read(path) : []
    scores = old.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(TrainingScore.self, from: Data($0))
    }.filter { $0.step <= steps }
    // The last step's can be made again.
    let due = Set(stride(from: interval, to: steps, by: interval)).subtracting(scores.map(\.step))
    gap = due.min().map {
      "\(path) lacks \(due.count) scores, the first of step \($0): "
        + "the best weights are the best of the others"
    }
    try write()
  }

  /// The highest score so far, the first of equals; nil where none is a number.
  var best: TrainingScore? {
    scores.reduce(nil) { best, next in next.mIoU ?? -1 > best?.mIoU ?? -1 ? next : best }
  }

  func has(step: Int) -> Bool { scores.contains { $0.step == step } }

  mutating func append(_ score: TrainingScore) throws {
    scores.append(score)
    try write()
  }

  private func write() throws {
    try AtomicFile.write(scores.map { try $0.line() + "\n" }.joined(), to: path)
  }
}
