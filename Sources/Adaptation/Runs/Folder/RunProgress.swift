// SPDX-License-Identifier: Apache-2.0

/// How far a run is: what its loop of steps goes on from.
package struct RunProgress: Equatable, Sendable {
  /// Steps done, the skipped ones among them.
  package private(set) var step = 0
  /// Steps whose update was left out.
  package private(set) var skipped = 0
  /// Those of them since the last update.
  package private(set) var skippedInARow = 0

  package init() {}

  /// Counts a step.
  package mutating func count(isApplied: Bool) {
    step += 1
    skipped += isApplied ? 0 : 1
    skippedInARow = isApplied ? 0 : skippedInARow + 1
  }

  /// Texts for a checkpoint beside its tensors.
  var metadata: [String: String] {
    [
      "iapc.step": String(step), "iapc.skipped": String(skipped), "iapc.skippedInARow": String(skippedInARow),
    ]
  }

  /// From the texts of a checkpoint; nil where the step is not among them.
  init?(_ metadata: [String: String]) {
    guard let step = metadata["iapc.step"].flatMap({ Int($0) }) else { return nil }
    self.step = step
    skipped = metadata["iapc.skipped"].flatMap { Int($0) } ?? 0
    skippedInARow = metadata["iapc.skippedInARow"].flatMap { Int($0) } ?? 0
  }
}
