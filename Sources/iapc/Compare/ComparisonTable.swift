// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation

/// The runs of a comparison as a table: a row for each method, the mean over its seeds and their deviation.
struct ComparisonTable {
  private let runs: [ComparisonRun]

  init(_ runs: [ComparisonRun]) {
    self.runs = runs
  }

  /// In Markdown.
  var text: String {
    let names = runs.reduce(into: [String]()) { if !$0.contains($1.method) { $0.append($1.method) } }
    let head =
      "| method | mIoU, last | selected without labels | best | statistics | seconds | of processors | memory, GiB | seeds |\n"
    let rows = names.map { name in
      let all = runs.filter { $0.method == name }
      let memory = all.map { Double($0.cost.peakResidentBytes) / 1_073_741_824 }.max() ?? 0
      let cells = [
        name, percent(all.map(\.score.last)), percent(all.map(\.score.selected)),
        percent(all.map(\.score.oracle)), all[0].statistics ?? "-",
        seconds(all.map(\.cost.seconds)), seconds(all.map(\.cost.processorSeconds)),
        String(format: "%.1f", memory), String(all.count),
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    return head + "|---|---|---|---|---|---|---|---|---|\n" + rows.joined(separator: "\n")
  }

  /// Writes table.md and table.json.
  func write(to folder: String) throws {
    try AtomicFile.write("\(text)\n", to: "\(folder)/table.md")
    try writeJSON(runs, to: "\(folder)/table.json")
  }

  /// The mean of those that are known; a dash where none is.
  private func seconds(_ values: [Double?]) -> String {
    let known = values.compactMap { $0 }
    return known.isEmpty ? "-" : String(format: "%.0f", known.reduce(0, +) / Double(known.count))
  }

  /// Mean and deviation, in percent; a dash where nothing was measured.
  private func percent(_ values: [Double?]) -> String {
    let known = values.compactMap { $0.map { 100 * $0 } }
    guard !known.isEmpty else { return "-" }
    let mean = known.reduce(0, +) / Double(known.count)
    guard known.count > 1 else { return String(format: "%.2f", mean) }
    let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return String(format: "%.2f ± %.2f", mean, (squares / Double(known.count - 1)).squareRoot())
  }
}
