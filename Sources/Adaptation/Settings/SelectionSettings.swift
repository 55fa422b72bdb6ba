// SPDX-License-Identifier: Apache-2.0

import Imaging

/// What a run does where its network seems to have collapsed.
public enum CollapsePolicy: String, SettingChoice {
  /// Says so, and keeps the checkpoint from before.
  case warn
  /// Ends, too.
  case stop
  /// Says nothing.
  case off
}

/// How a run looks at its network without labels while it goes on.
public struct SelectionSettings: Equatable, Sendable {
  /// Images of the fixed subset; nil as many as a twentieth of the training time allows, at most 32.
  public var images: Int?
  /// Pixels of each image, at most.
  public var pixels = 1000

  /// As many images as the time allows, 1000 pixels of each.
  public init() {}
}

extension SelectionSettings {
  /// Points and images that take about a twentieth of a run's time; no points where that is too little for
  /// anything.
  ///
  /// - `work`: pixels of all crops of the run's steps.
  /// - `size`: pixels of an input.
  /// - `asked`: the images asked for; nil for as many as fit.
  /// - `estimates`: whether a point begins with statistics of its images.
  package static func affordable(
    steps: Int, work: Double, size: Int, asked: Int?, estimates: Bool
  ) -> (every: Int, images: Int) {
    let share = 0.05 * passesOfStep * work / (passesOfPoint(estimates) * Double(size))
    let all = Int(min(share, 1e9))
    if let asked { return (interval(steps, points: all / asked - 1), asked) }
    let points = max(1, min(mostPoints, all / goodImages - 1))
    let images = min(mostImages, all / (points + 1))
    return images < leastImages ? (0, mostImages) : (interval(steps, points: points), images)
  }

  private static func interval(_ steps: Int, points: Int) -> Int {
    let points = max(1, min(mostPoints, points))
    return (steps + points - 1) / points
  }

  /// What a pixel of a step costs, in passes of prediction over a pixel; measured, on the low side.
  private static let passesOfStep = 4.5
  /// What a pixel of a point's image costs: plain, mixed, and at 3/4 of both sides, after statistics where those are
  /// estimated.
  static func passesOfPoint(_ estimates: Bool) -> Double { 2 + 0.75 * 0.75 + (estimates ? 1 : 0) }
  /// Points beside the one at the start, at most.
  private static let mostPoints = 10
  private static let (leastImages, goodImages, mostImages) = (4, 8, 32)
}
