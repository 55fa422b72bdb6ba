// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where numbers stand in a drawing, and the round ones among them that are written beside it.
package struct Axis {
  package let marks: [Double]
  private let low, high: Double
  private let start, end: Double

  /// - `place`: where the lowest and the highest number stand.
  /// - `whole`: whether only whole numbers are marked.
  package init(
    from low: Double, to high: Double, at place: (start: Double, end: Double), marks count: Int,
    whole: Bool = false
  ) {
    let room = low == high ? max(abs(low) * 0.1, 1e-3) : 0
    (self.low, self.high) = (low - room, high + room)
    (start, end) = place
    let step = Self.roundStep((self.high - self.low) / Double(count), whole: whole)
    // A bound that is round itself may miss that by a rounding error.
    let first = (self.low / step - 1e-9).rounded(.up)
    let last = (self.high / step + 1e-9).rounded(.down)
    marks = first > last ? [] : stride(from: first, through: last, by: 1).map { $0 * step }
  }

  package func callAsFunction(_ value: Double) -> Double {
    start + (value - low) / (high - low) * (end - start)
  }

  /// 1, 2, 2.5 or 5 times a power of ten, at least so much.
  private static func roundStep(_ least: Double, whole: Bool) -> Double {
    let power = pow(10, log10(least).rounded(.down))
    let step =
      ((whole ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10]).map { $0 * power }.first { $0 >= least * 0.999 }) ?? 10
      * power
    return whole ? max(1, step) : step
  }
}
