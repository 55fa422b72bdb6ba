// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Torch

/// Knows whether the other processes live, from a count in the store that each of them raises twice a second.
///
/// Each process watches the next one; all look for a verdict. It works in threads of its own, so that neither a long
/// computation nor a call that waits for a process that is gone hides anything.
final class PeerWatch: Sendable {
  private struct State {
    var beatAt = ContinuousClock.now
    var verdict: Verdict?
    /// The processes that do not live, once somebody asked.
    var lost: [Int]?
    var isLostWanted = false
    var hasEnded = false
  }

  static let beat = 0.5
  /// A process whose count stands still for so long is lost, where something else says already that one is.
  private static let suspicion = 3.0

  private let place: ProcessPlace
  private let prefix: String
  private let patience: Double
  private let groups: [ProcessGroup]
  private let state = Mutex(State())

  /// - `patience`: for how many seconds a process may be silent.
  /// - `groups`: are broken off where a process is lost, or a verdict is found.
  init(_ place: ProcessPlace, prefix: String, patience: Double, groups: [ProcessGroup]) {
    (self.place, self.prefix, self.patience, self.groups) = (place, prefix, patience, groups)
  }

  func start(_ store: MeetingStore) {
    Thread.detachNewThread { [self] in beats(store) }
    Thread.detachNewThread { [self] in guardBeats() }
  }

  /// From now on nothing is wrong any more: the job has ended.
  func end() { state.withLock { $0.hasEnded = true } }

  var verdict: Verdict? { state.withLock { $0.verdict } }

  /// The ranks of processes that do not live; nil where the store does not say, for the process that holds it is gone.
  ///
  /// It takes some seconds.
  func lost() -> [Int]? {
    state.withLock { $0.isLostWanted = true }
    let deadline = ContinuousClock.now + .seconds(Self.suspicion + 4 * Self.beat)
    while ContinuousClock.now < deadline {
      if let found = state.withLock({ $0.lost }) { return found }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return nil
  }

  // MARK: Threads

  private func breakOff(_ why: String) { for group in groups { group.breakOff(why) } }

  private var hasEnded: Bool { state.withLock { $0.hasEnded } }

  private func beats(_ store: MeetingStore) {
    let next = (place.rank + 1) % place.count
    var (seen, seenAt) = (-1, ContinuousClock.now)
    do {
      while !hasEnded {
        if let launcher = place.launcher, getppid() != launcher {
          breakOff("the process that started this one is gone")
        }
        try store.add(heart(place.rank), 1)
        let count = try store.add(heart(next), 0)
        if count != seen { (seen, seenAt) = (count, .now) }
        state.withLock { $0.beatAt = .now }
        if let verdict = try store.get("\(prefix)/verdict").flatMap(Verdict.init) {
          state.withLock { $0.verdict = $0.verdict ?? verdict }
          if !hasEnded { breakOff("the job has ended") }
        } else if (ContinuousClock.now - seenAt).seconds > patience {
          state.withLock { $0.lost = $0.lost ?? [next] }
          if !hasEnded { breakOff("a process is lost") }
        }
        if state.withLock({ $0.isLostWanted && $0.lost == nil }) {
          let found = try silent(store)
          state.withLock { $0.lost = $0.lost ?? found }
        }
        Thread.sleep(forTimeInterval: Self.beat)
      }
    } catch {
      if !hasEnded { breakOff("the process that holds the store is gone") }
    }
  }

  /// The processes whose counts stand still.
  private func silent(_ store: MeetingStore) throws -> [Int] {
    let others = (0..<place.count).filter { $0 != place.rank }
    let before = try others.map { try store.add(heart($0), 0) }
    let end = ContinuousClock.now + .seconds(Self.suspicion)
    while ContinuousClock.now < end {
      try store.add(heart(place.rank), 1)
      Thread.sleep(forTimeInterval: Self.beat)
    }
    let after = try others.map { try store.add(heart($0), 0) }
    return zip(others, zip(before, after)).filter { $1.0 == $1.1 }.map(\.0)
  }

  /// The store itself may hang: the machine that holds it stopped, or the way to it is cut.
  private func guardBeats() {
    while !hasEnded {
      let silence = state.withLock { (ContinuousClock.now - $0.beatAt).seconds }
      if silence > patience, !hasEnded { return breakOff("the store does not answer") }
      Thread.sleep(forTimeInterval: Self.beat)
    }
  }

  private func heart(_ rank: Int) -> String { "\(prefix)/heart/\(rank)" }
}
