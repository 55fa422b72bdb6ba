// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What the criteria found of a run's network after a step: a line of `selection.jsonl`.
public struct SelectionPoint: Decodable, Equatable, Sendable {
  /// After how many steps; 0 for the network that the run began with.
  public let step: Int
  /// nil where there is no value.
  public let im, snd, bnm, mixval, geometric, entropy, drift: Double?
  /// The share of pixels that each class won.
  public let histogram: [Double]
  /// Classes that were noticeable at the start and are gone.
  public let vanished: [String]
  /// How long the look took.
  public let seconds: Double

  /// - `names`: the classes'.
  init(step: Int, _ scores: SelectionScores, names: [String], seconds: Double) {
    self.step = step
    (im, snd, bnm) = (scores[.im], scores[.snd], scores[.bnm])
    (mixval, geometric) = (scores[.mixval], scores[.geometric])
    (entropy, drift) = (scores[.entropy], scores[.drift])
    histogram = scores.histogram
    vanished = scores.vanished.map { names[$0] }
    self.seconds = (seconds * 1e4).rounded() / 1e4
  }

  /// Whether classes are gone or the shares moved further than a bound.
  func isCollapsed(bound: Double) -> Bool { !vanished.isEmpty || drift ?? 0 > bound }

  /// One JSON object, in the order of the declaration.
  func line() throws -> String {
    func json(_ value: Double?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null" }
    let numbers = [
      ("im", im), ("snd", snd), ("bnm", bnm), ("mixval", mixval), ("geometric", geometric),
      ("entropy", entropy), ("drift", drift),
    ]
    let names = try vanished.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    let fields =
      ["\"step\": \(step)"] + numbers.map { "\"\($0.0)\": \(json($0.1))" } + [
        "\"histogram\": [\(histogram.map(json).joined(separator: ", "))]",
        "\"vanished\": [\(names.joined(separator: ", "))]", "\"seconds\": \(json(seconds))",
      ]
    return "{\(fields.joined(separator: ", "))}"
  }
}

/// `selection.jsonl`: one object a point.
struct SelectionLog {
  private let path: String
  private(set) var points: [SelectionPoint] = []

  /// Reads the points of a run that goes on; none where there is no file.
  init(_ path: String) throws {
    self.path = path
    let old = FileManager.default.fileExists(atPath: path) ? try FileBytes.read(path) : []
    points = old.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(SelectionPoint.self, from: Data($0))
    }
  }

  /// The point of the network that the run began with.
  var start: SelectionPoint? { points.first { $0.step == 0 } }

  func has(step: Int) -> Bool { points.contains { $0.step == step } }

  /// Drops the points of steps after one, whose work was lost, and puts a point at the start where there is
  /// none.
  mutating func keep(upTo step: Int, start: SelectionPoint) throws {
    points.removeAll { $0.step > step || $0.step == 0 }
    points.insert(start, at: 0)
    try write()
  }

  mutating func append(_ point: SelectionPoint) throws {
    points.append(point)
    try write()
  }

  private func write() throws {
    try AtomicFile.write(points.map { try $0.line() + "\n" }.joined(), to: path)
  }
}
