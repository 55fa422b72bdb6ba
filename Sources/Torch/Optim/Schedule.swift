// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A linear warm-up, then a polynomial decay.
///
/// Step i (from 0): below `warmUp`, `rate * (0.1 + 0.9 i / warmUp)`; from there on
/// `rate * (1 - i / horizon) ^ power`.
/// Source: the schedule of Cao et al. 2024's released code.
public struct WarmUpPoly: Equatable, Sendable {
  /// The rate that the warm-up leads to.
  public var rate: Double
  /// Steps of the warm-up; 0 for none.
  public var warmUp: Int
  /// The step at which the rate would reach 0; the run usually stops long before.
  public var horizon: Int
  /// The exponent of the decay.
  public var power: Double

  /// A schedule; the decay's exponent is 0.9 as published.
  public init(rate: Double, warmUp: Int, horizon: Int, power: Double = 0.9) {
    self.rate = rate
    self.warmUp = warmUp
    self.horizon = horizon
    self.power = power
  }

  /// The learning rate of a step, counted from 0.
  public func callAsFunction(_ step: Int) -> Double {
    if step < warmUp { return rate * (0.1 + 0.9 * Double(step) / Double(warmUp)) }
    return rate * pow(max(0, 1 - Double(step) / Double(horizon)), power)
  }
}
