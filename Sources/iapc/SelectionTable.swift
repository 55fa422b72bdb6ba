// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation

/// Candidates and their criteria as they are shown: a line each, then what is taken.
enum SelectionTable {
  static func write(_ report: SelectionReport) {
    let hasLabels = report.candidates.contains { $0.mIoU != nil }
    let width = max(9, report.candidates.map(\.name.count).max() ?? 0)
    let head = Criterion.allCases.map { right($0.rawValue, 10) }.joined()
    print(
      left("candidate", width) + head + right("rank", 6) + (hasLabels ? right("mIoU", 8) : "") + "  flags")
    for item in report.candidates {
      let numbers = Criterion.allCases.map { right(number(item.criteria[$0.rawValue]), 10) }.joined()
      let truth = hasLabels ? right(percent(item.mIoU), 8) : ""
      let flags = item.flags.isEmpty ? "" : "  \(item.flags.joined(separator: ", "))"
      print(left(item.name, width) + numbers + right("\(item.rank)", 6) + truth + flags)
    }
    print(
      "\nasked about \(report.images) images at \(report.size), \(report.pixels) pixels each, "
        + "\(report.statistics) statistics; guards compare to \(report.start)")
    print("rank: \(report.aggregate)")
    if report.statistics == "target" { print("statistics: \(statistics(report, hasLabels))") }
    for choice in report.choices { write(choice) }
    if report.candidates.allSatisfy({ !$0.flags.isEmpty }) {
      print("warning: every candidate is flagged; do not ship any of them unseen")
    }
    if hasLabels { writeCorrelations(report.choices) }
  }

  /// Which statistics stand behind the numbers, and why `evaluate` of the same file can give another.
  private static func statistics(_ report: SelectionReport, _ hasLabels: Bool) -> String {
    let (these, here) =
      report.adaptedStatisticsStored ? ("checkpoints'", " of a checkpoint") : ("each candidate's", "")
    return "\(these) are estimated anew over the \(report.images) images, and --output saves them so; "
      + (report.adaptedStatisticsStored ? "adapted weights keep those that their run has saved; " : "")
      + (hasLabels ? "`iapc evaluate`\(here) takes the stored ones and gives another mIoU; " : "")
      + "--statistics chooses"
  }

  private static func write(_ choice: SelectionReport.Choice) {
    print(choice.group.map { "\n\($0):" } ?? "")
    let width = max(choice.selected.count, choice.last.count, choice.oracle?.count ?? 0)
    func line(_ word: String, _ name: String, _ truth: Double?) {
      print(left(word, 9), left(name, width), truth.map { _ in "mIoU \(percent(truth))" } ?? "")
    }
    line("selected", choice.selected, choice.selectedMIoU)
    line("last", choice.last, choice.lastMIoU)
    if let oracle = choice.oracle { line("oracle", oracle, choice.oracleMIoU) }
    if let regret = choice.regret {
      print("regret    \(String(format: "%.2f", 100 * regret)) points of mIoU, oracle less selected")
    }
  }

  private static func writeCorrelations(_ choices: [SelectionReport.Choice]) {
    let names = choices.map { $0.group ?? "all" }
    let columns = names.map { max(8, $0.count + 2) }
    print("\nSpearman's rank correlation with mIoU (1: ranks as labels do)")
    print(left("criterion", 10) + zip(names, columns).map { right($0, $1) }.joined())
    for name in Criterion.allCases.map(\.rawValue) + ["aggregate"] {
      let values = zip(choices, columns).map { right(number($0.spearman[name], "%.2f"), $1) }.joined()
      print(left(name, 10) + values)
    }
  }

  private static func number(_ value: Double?, _ form: String = "%.4f") -> String {
    value.map { String(format: form, $0) } ?? "-"
  }

  private static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.2f", 100 * $0) } ?? "-"
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
