// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A share as people read it: "12.3 %".
func percent(_ share: Double, digits: Int = 1) -> String { String(format: "%.\(digits)f %%", 100 * share) }

/// A score between 0 and 1 in points: "49.88".
func points(_ score: Double) -> String { String(format: "%.2f", 100 * score) }

/// A number in few letters: three digits that count, with a power of ten where it is very small or large.
func short(_ number: Double) -> String {
  let size = abs(number)
  guard size != 0, size < 1e-3 || size >= 1e5 else {
    return number == 0 ? "0" : String(format: "%.3g", number)
  }
  let power = Int(log10(size).rounded(.down))
  return String(format: "%.3g", number / pow(10, Double(power))) + "e\(power)"
}

/// The sign of a change whose size is shown as `text`: none where that shows none, whatever the difference is beyond
/// its digits.
func sign(of difference: Double, shownAs text: String) -> String {
  guard text.contains(where: { ("1"..."9").contains($0) }) else { return "±" }
  return difference < 0 ? "−" : "+"
}

/// A change with its sign, coloured and marked for better or worse where one is seen.
///
/// - `better`: whether more is better; nil where nobody can say.
package func change(_ text: String, _ difference: Double, better more: Bool? = true) -> HTML {
  let sign = sign(of: difference, shownAs: text)
  guard let more, sign != "±" else { return "<span class=\"change\">\(sign + text)</span>" }
  let kind = (difference > 0) == more ? "good" : "bad"
  let arrow = difference > 0 ? "▲" : "▼"
  return "<span class=\"change \(kind)\"><span aria-hidden=\"true\">\(arrow)</span> \(sign + text)</span>"
}
