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

  /// The points of a run's `selection.jsonl`, in order; lines that are none are passed over, and no file has
  /// none.
  ///
  /// - Throws: a `Problem` for a file that cannot be read.
  public static func read(_ path: String) throws -> [SelectionPoint] {
    let lines = FileManager.default.fileExists(atPath: path) ? try FileBytes.read(path) : []
    return lines.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(SelectionPoint.self, from: Data($0))
    }
  }

  /// The step, after the first, whose network `SelectionAggregate` puts first among those of a run; of equals
  /// the later. nil where there is none.
  ///
  /// - `bound`: how far class shares may drift from the start's, in nats.
  /// - `averaged`: whether the run's network is the average of its steps.
  public static func suggestedStep(
    among points: [SelectionPoint], bound: Double, averaged: Bool = false
  ) -> Int? {
    let guards = SelectionGuards(drift: bound)
    let start = points.first { $0.step == 0 }?.im
    let later = points.filter { $0.step > 0 }
    var asked = later.map { point in
      let flags = guards.flags(point.scores, start: start, names: [])
      return (scores: point.scores, isFlagged: !point.vanished.isEmpty || !flags.isEmpty)
    }
    if averaged {
      for (index, isShorter) in SelectionAggregate.shorterAverages(asked).enumerated() where isShorter {
        asked[index].isFlagged = true
      }
    }
    let places = SelectionAggregate.places(asked)
    return zip(later, places).min { ($0.1, -$0.0.step) < ($1.1, -$1.0.step) }?.0.step
  }

  /// Without the classes that are gone, which a point knows by name alone.
  private var scores: SelectionScores {
    let known: [(Criterion, Double?)] = [
      (.im, im), (.snd, snd), (.bnm, bnm), (.mixval, mixval), (.geometric, geometric), (.entropy, entropy),
      (.drift, drift),
    ]
    return SelectionScores(
      values: Dictionary(uniqueKeysWithValues: known.compactMap { pair in pair.1.map { (pair.0, $0) } }),
      histogram: histogram)
  }

  /// Whether classes are gone or the shares moved further than a bound.
  func isCollapsed(bound: Double) -> Bool { !vanished.isEmpty || drift ?? 0 > bound }

  /// One JSON object, in the order of the declaration.
  package func line() throws -> String {
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
    points = try SelectionPoint.read(path)
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
