// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the shares of the predicted classes differ from those at the start: a guard against collapse, not a
/// ranking.
///
/// Good adaptation moves shares as well, above all where the source network hardly knew a class of the new
/// place: so the drift alone says little, and a class that is gone says much.
public struct ClassDrift: Equatable, Sendable {
  /// `KL(now, start) = sum_c now_c log(now_c / start_c)`, in nats; a share below 1e-6 counts as that.
  public let divergence: Double
  /// The indices of classes that had a noticeable share at the start and now have almost none.
  public let vanished: [Int]

  /// From this share at the start on, a class is missed when it is gone.
  public static let noticeable = 0.005
  /// Below this part of its share at the start, a class is gone.
  public static let remainder = 0.02

  /// - `now`, `start`: shares of the classes, in order; each sums to 1.
  public init(now: [Double], start: [Double]) {
    guard now.count == start.count else { fatalError("\(now.count) shares against \(start.count)") }
    divergence = zip(now, start).reduce(0) { sum, shares in
      let (p, q) = (max(shares.0, 1e-6), max(shares.1, 1e-6))
      return sum + shares.0 * log(p / q)
    }
    vanished = now.indices.filter { start[$0] >= Self.noticeable && now[$0] < Self.remainder * start[$0] }
  }
}
