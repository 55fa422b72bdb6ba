// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A line of a run's log, a JSON object that tells of one step: `metrics.jsonl`, `selection.jsonl`,
/// `evaluations.jsonl`.
package struct LogLine: Sendable {
  package let step: Int
  /// Its numbers by name, the step left out.
  package let numbers: [String: Double]
  /// Its lists of numbers: a class histogram.
  package let lists: [String: [Double]]
  /// Its lists of words: vanished classes.
  package let words: [String: [String]]
  /// What it says is so.
  package let marks: Set<String>

  private enum Value: Decodable {
    case number(Double), list([Double]), words([String]), mark(Bool), other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let mark = try? container.decode(Bool.self) {
        self = .mark(mark)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([Double].self) {
        self = .list(list)
      } else if let words = try? container.decode([String].self) {
        self = .words(words)
      } else {
        self = .other
      }
    }
  }

  /// nil for what is no such line.
  package init?(_ line: some Sequence<UInt8>) {
    guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(line)),
      case .number(let step)? = values["step"], let step = Int(exactly: step), step >= 0
    else { return nil }
    self.step = step
    numbers = values.compactMapValues { if case .number(let number) = $0 { number } else { nil } }
      .filter { $0.key != "step" }
    lists = values.compactMapValues { if case .list(let list) = $0, !list.isEmpty { list } else { nil } }
    words = values.compactMapValues { if case .words(let words) = $0 { words } else { nil } }
    marks = Set(values.filter { if case .mark(true) = $0.value { true } else { false } }.keys)
  }

  /// The lines of a log; none where there is no such file. What is no line is passed over.
  ///
  /// - Throws: `Problem` where there is a file that cannot be read.
  package static func read(_ path: String) throws -> [LogLine] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileBytes.read(path).split(separator: UInt8(ascii: "\n")).compactMap { LogLine($0) }
  }
}
