// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What there is to say of a network that seems to have collapsed.
struct CollapseAlarm {
  private let step: Int
  private let why: String
  private let before: String?

  /// - `start`: the point of the network that the run began with.
  /// - `names`: the classes'.
  /// - `before`: the checkpoint of the last point at which nothing seemed wrong; nil where that is the start.
  init(_ point: SelectionPoint, start: SelectionPoint, names: [String], bound: Double, before: String?) {
    step = point.step
    self.before = before
    let gone = point.vanished.map { name in
      let share = names.firstIndex(of: name).map { start.histogram[$0] } ?? 0
      return "\(name) (\(String(format: "%.1f", 100 * share)) % of the pixels at the start)"
    }
    let drift = point.drift ?? 0
    let words = [
      gone.isEmpty ? nil : "almost no pixel is predicted as \(gone.joined(separator: ", "))",
      drift > bound
        ? String(
          format: "the class shares moved by %.2f from the start (selection.collapse_kl is %g)", drift, bound)
        : nil,
    ]
    why = words.compactMap { $0 }.joined(separator: ", and ")
  }

  /// For a run that goes on.
  var line: String {
    let kept =
      before.map { "the checkpoint from before is kept: \($0)" }
      ?? "of the weights from before there are only those that the run began with"
    return "the network seems to have collapsed at step \(step): \(why); \(kept)"
  }

  /// For a run that ends.
  var problem: Problem {
    let advice = "start anew with a lower --learning-rate or loss_weights.im"
    return Problem(
      "the network seems to have collapsed", at: "step \(step)", because: why,
      remedy: before.map { "take the checkpoint from before, \($0), or \(advice)" } ?? advice)
  }
}
