// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Files
import Foundation
import Synchronization

/// What happens where libtorch fails in a place that cannot throw, as in the middle of a network.
///
/// Memory that ran out, or a module of a user's that refuses what it is given, ends the process with one line, after
/// what can be saved was saved. A mistake of our own traps.
public enum FailedComputation {
  /// What of the work so far is on the disk.
  public struct Kept: Sendable {
    /// What is kept, as a clause: "the state after step 7 is saved".
    public let what: String
    /// The command that goes on with it; nil where there is none.
    public let command: String?

    /// Something that is kept.
    public init(_ what: String, command: String? = nil) { (self.what, self.command) = (what, command) }
  }

  /// How the process ends; set once, by the program. Without it a line is written and the status is 1.
  public nonisolated(unsafe) static var ending: (@Sendable (Problem) -> Never)?

  /// The file of a module that a user brought and that is run; nil where all networks are of this library.
  public nonisolated(unsafe) static var module: String?

  private final class Rescue: @unchecked Sendable {
    let outer: Rescue?
    /// nil for one that only undoes.
    let save: ((Bool) -> Kept?)?
    let undo: () -> Void

    init(_ outer: Rescue?, save: ((Bool) -> Kept?)? = nil, undo: @escaping () -> Void = {}) {
      (self.outer, self.save, self.undo) = (outer, save, undo)
    }
  }

  @TaskLocal private static var rescue: Rescue?

  /// Under this name the thread of a rescue has the semaphore that the ending process waits for: where the rescue
  /// fails in turn, the process goes on without.
  private static let rescueKey = "iapc.rescue"
  private static let isEnding = Atomic(false)

  /// Runs a body; where libtorch fails in it and the process ends, `save` is called first, on another thread.
  ///
  /// - `save`: gets whether a part of the work that stood half-done was undone.
  public static func rescuing<Result>(
    by save: (_ isUndone: Bool) -> Kept?, _ body: () throws -> Result
  ) rethrows -> Result {
    try withoutActuallyEscaping(save) { save in
      try $rescue.withValue(Rescue(rescue, save: save), operation: body)
    }
  }

  /// Runs a part of the work; where libtorch fails in it, `undo` takes back what it has changed before anything is
  /// saved.
  public static func undoing<Result>(
    by undo: () -> Void, _ body: () throws -> Result
  ) rethrows -> Result {
    try withoutActuallyEscaping(undo) { undo in
      try $rescue.withValue(Rescue(rescue, undo: undo), operation: body)
    }
  }

  /// Ends the process with an error that a user can mend, after the rescue that the calling thread stands in.
  public static func end(with problem: Problem) -> Never {
    (Thread.current.threadDictionary[rescueKey] as? DispatchSemaphore)?.signal()
    // The one that was first ends the process.
    if isEnding.exchange(true, ordering: .acquiringAndReleasing) { while true { sleep(1000) } }
    let kept = rescued()
    let told = Problem(
      problem.what, at: problem.place,
      because: problem.why + (kept.map { " (\($0.what))" } ?? ""),
      remedy: problem.remedy + (kept?.command.map { "; then go on with `\($0)`" } ?? ""))
    if let ending { ending(told) }
    StandardStreams.message("error: \(told)\n")
    exit(1)
  }

  /// The longest that a rescue may take, in seconds.
  private static let patience = 300

  /// Undoes and saves, from the innermost part of the work outwards.
  ///
  /// The thread that failed may be in the midst of changing what is to be saved, and stays there: another one does it.
  private static func rescued() -> Kept? {
    guard let first = rescue else { return nil }
    let done = DispatchSemaphore(value: 0)
    let found = Mutex<Kept?>(nil)
    withExtendedLifetime(first) {
      let thread = Thread {
        Thread.current.threadDictionary[rescueKey] = done
        var (next, isUndone, kept) = (Optional(first), false, Kept?.none)
        while let rescue = next {
          if let save = rescue.save {
            let own = save(isUndone)
            kept = kept ?? own
          } else {
            rescue.undo()
            isUndone = true
          }
          next = rescue.outer
        }
        found.withLock { $0 = kept }
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
      _ = done.wait(timeout: .now() + .seconds(patience))
    }
    return found.withLock { $0 }
  }
}

extension TorchError {
  /// The failure as an error that a user can mend; nil where it is a mistake of our own.
  ///
  /// - `place`: what was computed, and of what.
  func problem(at place: String) -> Problem? {
    switch kind {
    case .outOfMemory:
      Problem(
        "the memory ran out", at: place, because: message,
        remedy: "free memory, or take smaller images, crops or batches")
    case .refused, .other:
      FailedComputation.module.map {
        Problem(
          "cannot go on computing with the module", at: $0, because: "\(place): \(lastLine)",
          remedy: "give images of a size that it takes, or mend it")
      }
        ?? (kind == .other
          ? Problem(
            "cannot go on computing", at: place, because: message,
            remedy: "try again with more free memory, and report it with the command if it stays") : nil)
    }
  }

  /// What a program said in the end: the lines before are where it was.
  public var lastLine: String {
    let lines = message.split(whereSeparator: \.isNewline).map { $0.drop { $0.isWhitespace } }
    return lines.last { !$0.isEmpty }.map(String.init) ?? operation
  }
}
