// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Adds up the time that the parts of a piece of work take, by name. The time of a part within another counts for
/// the inner one alone.
///
/// On a GPU a part ends when its work is queued, not when it is done.
public final class PhaseClock {
  /// In the order in which the parts came first.
  public private(set) var seconds: [(name: String, seconds: Double)] = []
  /// Of parts that ended within the part that runs.
  private var inner = 0.0

  /// A clock on which no time has passed.
  public init() {}

  /// Runs `body` and adds its time to that of a part.
  public func measure<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let (started, before) = (ContinuousClock.now, inner)
    inner = 0
    defer {
      let whole = (ContinuousClock.now - started).seconds
      add(whole - inner, to: name)
      inner = before + whole
    }
    return try body()
  }

  private func add(_ time: Double, to name: String) {
    if let index = seconds.firstIndex(where: { $0.name == name }) {
      seconds[index].seconds += time
    } else {
      seconds.append((name, time))
    }
  }
}

extension Optional<PhaseClock> {
  /// Runs `body`, on the clock where there is one.
  func measure<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    guard let self else { return try body() }
    return try self.measure(name, body)
  }
}
