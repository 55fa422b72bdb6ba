// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Synchronization

/// What a command tells programs while it works, one JSON object a line: where `--events` leads it.
///
/// Documentation/Events.md lists the events. A write that fails ends them, and nothing else.
enum EventLog {
  private struct State {
    var descriptor: Int32
    /// As it was named.
    let name: String
    /// Whether another process of the job tells of the work.
    let errorsOnly: Bool
    var files: [(name: String, path: String)] = []
    /// When progress was told last, in seconds.
    var progressAt = -Double.infinity
    let started = ContinuousClock.now
  }

  private static let state = Mutex<State?>(nil)

  /// How long a descriptor that does not block may take nothing, in seconds.
  private static let patience: Int32 = 60
  /// Between two events of progress, but for a phase's last, in seconds.
  private static let interval = 0.1

  /// From now on events go to a descriptor, where the text is a number, or else to a file, which is replaced.
  ///
  /// - Parameters:
  ///   - keeping: whether the file stays as it is and events are added to it.
  ///   - errorsOnly: whether nothing but how the command fails is told.
  static func open(_ place: String, keeping: Bool, errorsOnly: Bool) throws {
    let descriptor: Int32
    if let number = Int32(place) {
      let mode = fcntl(number, F_GETFL)
      guard mode >= 0, mode & O_ACCMODE != O_RDONLY else {
        throw problem(
          place, mode < 0 ? "no such descriptor is open" : "the descriptor is open for reading only",
          remedy: "open it for writing, as in `--events 3 3>events.jsonl`; a file of that name is ./\(place)")
      }
      descriptor = number
    } else {
      let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (keeping ? 0 : O_TRUNC)
      descriptor = Foundation.open(place, flags, 0o666)
      guard descriptor >= 0 else {
        throw problem(
          place, String(cString: strerror(errno)),
          remedy: "name a file in a folder that is there and that you may write in")
      }
    }
    state.withLock { $0 = State(descriptor: descriptor, name: place, errorsOnly: errorsOnly) }
  }

  private static func problem(_ place: String, _ why: String, remedy: String) -> Problem {
    Problem("cannot write events", at: "--events \(place)", because: why, remedy: remedy)
  }

  /// Tells an event with its fields, in this order.
  static func tell(_ event: String, _ fields: KeyValuePairs<String, EventValue> = [:]) {
    tell(event, EventValue.fields(fields))
  }

  /// Tells an event whose fields are those of a JSON object, as a log of a run has it.
  static func tell(_ event: String, object: String) {
    tell(event, String(object.dropFirst().dropLast()))
  }

  /// Tells that a phase of the work begins.
  static func begin(_ phase: String, _ total: Int) {
    state.withLock { (state) -> Void in state?.progressAt = -Double.infinity }
    tell("phase", ["phase": .text(phase), "total": total > 0 ? .whole(total) : .none])
  }

  /// Tells how many units of a phase are done; not each of many in a short time.
  static func progress(_ phase: String, _ done: Int, of total: Int) {
    let now = ProcessInfo.processInfo.systemUptime
    let isDue = state.withLock { state in
      guard let last = state?.progressAt, done == total || now - last >= interval else { return false }
      state?.progressAt = now
      return true
    }
    guard isDue else { return }
    tell(
      "progress",
      ["phase": .text(phase), "done": .whole(done), "total": total > 0 ? .whole(total) : .none])
  }

  /// Notes files and folders that the command leaves, those of them that are there, for the event of its end.
  static func leave(_ files: KeyValuePairs<String, String>) {
    let found = files.filter { FileManager.default.fileExists(atPath: $0.value) }
      .map { (name: $0.key, path: $0.value) }
    state.withLock { (state) -> Void in state?.files += found }
  }

  /// Tells that the command has done what it was asked for.
  static func end() {
    guard let (files, started) = state.withLock({ state in state.map { ($0.files, $0.started) } }) else {
      return
    }
    let left = files.map { "\(EventValue.text($0.name).json): \(EventValue.text($0.path).json)" }
    let seconds = started.duration(to: .now).seconds
    tell(
      "ended",
      [
        "status": .whole(0), "seconds": .number(seconds), "files": .object(left.joined(separator: ", ")),
      ])
  }

  /// Tells that the command ends by an error.
  static func fail(_ problem: Problem, rank: Int? = nil) {
    tell(
      "error",
      [
        "what": .text(problem.what), "where": .text(problem.place), "why": .text(problem.why),
        "remedy": .text(problem.remedy), "rank": rank.map { .whole($0) } ?? .none, "status": .whole(1),
      ])
  }

  /// Tells of an error that has no parts.
  static func fail(_ text: String, status: Int32) {
    tell(
      "error",
      [
        "what": .text(text), "where": .none, "why": .none, "remedy": .none, "rank": .none,
        "status": .whole(Int(status)),
      ])
  }

  private static func tell(_ event: String, _ fields: String) {
    let time = String(format: "%.3f", Date().timeIntervalSince1970)
    let line = "{\"event\": \"\(event)\", \"time\": \(time)\(fields.isEmpty ? "" : ", ")\(fields)}\n"
    let failed: (name: String, why: String)? = state.withLock { state in
      guard let own = state, !own.errorsOnly || event == "error",
        let why = StandardStreams.writeAll(of: line, to: own.descriptor, patience: patience)
      else { return nil }
      state = nil
      return (own.name, why)
    }
    guard let failed else { return }
    ProgressDisplay.clear()
    StandardStreams.message("note: no more events are written to \(failed.name): \(failed.why)\n")
  }
}

/// A value of an event's field.
enum EventValue {
  case text(String)
  case whole(Int)
  case number(Double)
  case list([String])
  /// The fields of an object, as they stand between its braces.
  case object(String)
  case none

  /// Fields as they stand between braces.
  static func fields(_ fields: KeyValuePairs<String, EventValue>) -> String {
    fields.map { "\"\($0.key)\": \($0.value.json)" }.joined(separator: ", ")
  }

  var json: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .whole(let number): "\(number)"
    case .number(let number): number.isFinite ? "\((number * 1e4).rounded() / 1e4)" : "null"
    case .list(let texts): "[\(texts.map(Self.quoted).joined(separator: ", "))]"
    case .object(let fields): "{\(fields)}"
    case .none: "null"
    }
  }

  /// Bytes of paths that are not UTF-8 as messages show them.
  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let data = try? encoder.encode(PathText.shown(text)) else { fatalError("a text that is none") }
    return String(decoding: data, as: UTF8.self)
  }
}
