// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A share as people read it: "12.3 %".
func percent(_ share: Double, digits: Int = 1) -> String { String(format: "%.\(digits)f %%", 100 * share) }

/// A score between 0 and 1 in points: "49.88".
func points(_ score: Double) -> String { String(format: "%.2f", 100 * score) }

/// A number in as few letters as show it: three digits that count.
func short(_ number: Double) -> String {
  let text = String(format: "%.3g", number)
  return text == "-0" ? "0" : text
}

/// A change with its sign, coloured and marked for better or worse.
///
/// - `better`: whether more is better; nil where nobody can say.
func change(_ text: String, _ difference: Double, better more: Bool? = true) -> HTML {
  let sign = difference > 0 ? "+" : difference < 0 ? "−" : "±"
  guard let more, difference != 0 else { return "<span class=\"change\">\(sign + text)</span>" }
  let kind = (difference > 0) == more ? "good" : "bad"
  let arrow = difference > 0 ? "▲" : "▼"
  return "<span class=\"change \(kind)\"><span aria-hidden=\"true\">\(arrow)</span> \(sign + text)</span>"
}
