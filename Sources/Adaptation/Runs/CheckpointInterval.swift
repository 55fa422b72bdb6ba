// SPDX-License-Identifier: Apache-2.0

/// Which steps of a run end with a checkpoint, beside the last one.
package struct CheckpointInterval {
  /// Steps from one to the next; nil where time tells.
  let asked: Int?
  /// The steps of the run.
  let steps: Int

  package init(asked: Int?, steps: Int) {
    (self.asked, self.steps) = (asked, steps)
  }

  /// Seconds of work that may be lost, where time tells.
  private static let atStake = 300.0

  /// Whether the state of a step should be saved.
  ///
  /// - `last`: the step of the checkpoint before, and the seconds since.
  package func isDue(after step: Int, last: (step: Int, seconds: Double)) -> Bool {
    guard let asked else { return step - last.step >= quarter || last.seconds >= Self.atStake }
    return step % asked == 0
  }

  /// Steps from one to the next as far as it can be told before them.
  ///
  /// - `seconds`: what a step takes.
  package func planned(stepSeconds seconds: Double) -> Int {
    asked ?? max(1, min(steps, quarter, Int(min(1e9, Self.atStake / max(seconds, 1e-9)))))
  }

  /// A run of less than five minutes has more than its end, too, unless it is of a few steps.
  private var quarter: Int { max(25, (steps + 3) / 4) }
}
