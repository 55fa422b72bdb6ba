// SPDX-License-Identifier: Apache-2.0

import Files

/// The processes of a job cannot go on together.
public struct PeerFailure: Error, Sendable {
  /// What to tell.
  public let problem: Problem
  /// Whether it is for this process to tell; another one does otherwise.
  public let tells: Bool
  /// The signal by which the user ended another process, if that is why.
  public let signal: Int32?

  init(_ problem: Problem, tells: Bool, signal: Int32? = nil) {
    (self.problem, self.tells, self.signal) = (problem, tells, signal)
  }
}

/// Why a job ended, as the first process to know leaves it in the store for all others.
struct Verdict: Equatable {
  /// The process that says so, and tells the user.
  let rank: Int
  /// What it tells; empty where it was ended by a signal.
  let words: String
  let signal: Int32?

  init(rank: Int, words: String = "", signal: Int32? = nil) {
    (self.rank, self.words, self.signal) = (rank, words, signal)
  }

  /// As it stands in the store: rank, signal or 0, words.
  var text: String { "\(rank) \(signal ?? 0) \(words)" }

  init?(_ text: String) {
    let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let rank = Int(parts[0]), let signal = Int32(parts[1]) else { return nil }
    self.init(rank: rank, words: String(parts[2]), signal: signal == 0 ? nil : signal)
  }
}
