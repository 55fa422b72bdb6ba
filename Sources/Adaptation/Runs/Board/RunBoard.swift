// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TensorBoard

/// The run as TensorBoard shows it: the numbers of its logs under the names that they have there, its config
/// and a few pictures.
///
/// A run that goes on writes its last step anew and tells readers to forget what was said of that step and of
/// later ones, which were lost. So each value is there once, whenever the run was killed.
package final class RunBoard {
  private let folder: RunFolder
  private var writer: EventWriter?
  private var others: [OtherLog]

  package init(_ folder: RunFolder) {
    self.folder = folder
    others = [
      OtherLog(path: folder.selection, group: "selection"),
      OtherLog(path: folder.evaluations, group: "evaluation"),
    ]
  }

  /// Begins to write.
  ///
  /// - `step`: the steps that the run goes on after; 0 for a new one.
  package func open(after step: Int) throws {
    try makeFolder(folder.tensorboard)
    writer = try EventWriter(in: folder.tensorboard, from: step)
    if step == 0 {
      let config = (try? FileBytes.read(folder.config)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let block = config.split(separator: "\n").map { "    \($0)\n" }.joined()
      try writer?.add(text: block, tag: "config", at: 0)
    } else if let line = try LogLine.read(folder.metrics).last(where: { $0.step == step }) {
      try add(line)
    }
    for i in others.indices { others[i].told = step - 1 }
    try addOthers(upTo: step)
  }

  /// Adds a step's line of `metrics.jsonl`, and what the other logs say by now.
  package func add(_ record: StepRecord) throws {
    if let line = LogLine(Array(record.line.utf8)) { try add(line) }
    try addOthers(upTo: record.step)
  }

  /// Adds what other logs than `metrics.jsonl` say of steps up to this one.
  package func addOthers(upTo step: Int) throws {
    for i in others.indices {
      for line in try others[i].news(upTo: step) { try add(line, group: others[i].group + "/") }
    }
  }

  /// How long something took: a line of `metrics.jsonl` says it of the step, but a step that is done again must say
  /// the same of all else.
  private static let time = "seconds"

  package func add(_ pictures: [(name: String, image: RGBImage)], at step: Int) throws {
    for (name, image) in pictures {
      try writer?.add(picture: image.pngBytes(), (image.width, image.height), tag: name, at: step)
    }
  }

  /// Waits until all is on the disk.
  func settle() throws { try writer?.settle() }

  private func add(_ line: LogLine, group: String = "") throws {
    let numbers = line.numbers.filter { group.isEmpty || $0.key != Self.time }.sorted { $0.key < $1.key }
    try writer?.add(numbers.map { (tag: group + $0.key, value: $0.value) }, at: line.step)
  }
}

/// A log that something else writes while the run goes on.
private struct OtherLog {
  let path: String
  let group: String
  /// Lines of steps up to this one have been told.
  var told = -1
  private var seen: [FileAttributeKey: AnyHashable] = [:]

  init(path: String, group: String) {
    (self.path, self.group) = (path, group)
  }

  /// The lines that were not told yet. Reads the file only where it has changed.
  mutating func news(upTo step: Int) throws -> [LogLine] {
    guard let now = try? FileManager.default.attributesOfItem(atPath: path) else { return [] }
    let marks = [FileAttributeKey.size, .modificationDate].reduce(into: [:]) {
      $0[$1] = now[$1] as? AnyHashable
    }
    guard marks != seen else { return [] }
    seen = marks
    let lines = try LogLine.read(path).filter { $0.step > told && $0.step <= step }
    told = max(told, lines.map(\.step).max() ?? told)
    return lines
  }
}
