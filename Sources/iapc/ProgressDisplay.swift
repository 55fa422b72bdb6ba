// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation

/// Shows how far a piece of work is: a bar on a terminal, a plain line now and then elsewhere. On stderr.
final class ProgressDisplay {
  private static let isTerminal = isatty(STDERR_FILENO) != 0

  private static let interval = isTerminal ? 0.1 : 10.0
  /// Before the first line: what fails at once then leaves nothing but its error.
  private static let delay = isTerminal ? 0.1 : 2.0

  private var name = ""
  private var total = 0
  private var first: Int?
  private var started = Date()
  private var shown = Date.distantPast
  private let quiet: Bool
  /// The last score and the best, in words.
  private var score = ""

  init(quiet: Bool = false) {
    self.quiet = quiet
  }

  /// Takes a bar off the line before something else is written.
  static func clear() {
    if isTerminal { write("\r\u{1b}[K") }
  }

  func begin(_ name: String, _ total: Int) {
    self.name = name
    self.total = total
    first = nil
    started = Date()
    shown = .distantPast
    if !quiet { EventLog.begin(name, total) }
  }

  /// Corrects the number of units, where the first was an estimate; 0 for one that is not known.
  func expect(_ total: Int) { self.total = total }

  func advance(_ count: Int) {
    if !quiet { EventLog.progress(name, count, of: total) }
    show(count, "")
  }

  /// - Parameter detail: what to say besides the count: the loss.
  private func show(_ count: Int, _ detail: String) {
    if quiet { return }
    let now = Date()
    guard let first else {
      self.first = count
      started = now
      shown = now.addingTimeInterval(-ProgressDisplay.interval + ProgressDisplay.delay)
      if isLast(count) {
        finish(count, detail)
      } else if ProgressDisplay.isTerminal {
        draw(count, detail, now)
      }
      return
    }
    if isLast(count) { return finish(count, detail) }
    guard now.timeIntervalSince(shown) >= ProgressDisplay.interval, count > first else { return }
    draw(count, detail, now)
  }

  private func isLast(_ count: Int) -> Bool { total > 0 && count >= total }

  func note(_ text: String) {
    if quiet { return }
    ProgressDisplay.clear()
    ProgressDisplay.write("\(text)\n")
    EventLog.tell("note", ["text": .text(text)])
  }

  private func show(_ next: TrainingScore, best: TrainingScore) {
    func text(_ score: TrainingScore) -> String {
      "\(score.mIoU.map { String(format: "%.2f", 100 * $0) } ?? "-") at step \(score.step)"
    }
    score = "mIoU \(text(next))"
    if best.step != next.step { score += ", best \(text(best))" }
    if quiet { return }
    ProgressDisplay.clear()
    ProgressDisplay.write("\(score)\n")
  }

  private func draw(_ count: Int, _ detail: String, _ now: Date) {
    shown = now
    let line = text(count, detail, now)
    guard ProgressDisplay.isTerminal else { return ProgressDisplay.write("\(line)\n") }
    // A line that wraps could not be taken back.
    ProgressDisplay.write("\r\u{1b}[K\(line.prefix(ProgressDisplay.columns - 1))")
  }

  private func finish(_ count: Int, _ detail: String) {
    ProgressDisplay.clear()
    ProgressDisplay.write(text(count, detail, Date()) + "\n")
  }

  private func text(_ count: Int, _ detail: String, _ now: Date) -> String {
    let share = total > 0 ? Double(count) / Double(total) : 1
    let done = count - (first ?? count)
    let seconds = now.timeIntervalSince(started)
    var text = total > 0 ? "\(name) \(count)/\(total)" : "\(name) \(count)"
    if ProgressDisplay.isTerminal, total > 0 {
      let filled = Int(share * 24)
      text =
        "\(name) [\(String(repeating: "=", count: filled))\(String(repeating: " ", count: 24 - filled))] "
      text += "\(count)/\(total)"
    }
    if done > 0, seconds > 0 {
      let rate = Double(done) / seconds
      text += rate >= 1 ? String(format: "  %.1f/s", rate) : String(format: "  %.1f s each", 1 / rate)
      if total > 0 {
        text += count < total ? "  \(clock(Double(total - count) / rate)) left" : "  in \(clock(seconds))"
      }
    }
    return detail.isEmpty ? text : "\(text)  \(detail)"
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 3600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }

  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
  }

  private static func write(_ text: String) {
    StandardStreams.message(text)
  }

  /// An observer that draws here, tells programs and asks for signals.
  var observer: RunObserver {
    var observer = RunObserver()
    observer.begin = { self.begin($0, $1) }
    observer.advance = { self.advance($0) }
    observer.step = { record in
      let terms = record.report.terms.map { "\($0.name) \(String(format: "%.3f", $0.value))" }
      let loss = "loss \(String(format: "%.3f", record.report.total))"
      let detail = terms.count > 1 ? "\(loss) (\(terms.joined(separator: ", ")))" : loss
      self.show(record.step, self.score.isEmpty ? detail : "\(detail)  \(self.score)")
    }
    observer.score = { self.show($0, best: $1) }
    observer.note = { self.note($0) }
    observer.stopSignal = { Signals.current }
    return quiet ? observer : observer.tellingPrograms
  }
}
