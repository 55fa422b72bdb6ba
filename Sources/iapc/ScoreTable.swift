// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Segmentation

/// Scores as they are shown: a line for each class, in percent, and their mean.
enum ScoreTable {
  static func write(_ report: EvaluationReport) {
    let of = report.images == 1 ? "image" : "images"
    lines(report.classes, mean: report.mIoU, note: "\(report.images) \(of)")
    if report.mIoU == nil { print(whyNoScore(images: report.images, space: report.labelSpace)) }
    if let missing = report.missing, missing > 0 {
      print("missing: \(missing) more images should have been scored; this is not the whole set's score")
    }
    if let name = report.protocol?.name { print("protocol: \(name)") }
  }

  static func write(_ set: ClassSetScore) {
    print("\n\(set.name): \(set.convention)")
    let found = set.classes.count { $0.iou != nil }
    lines(set.classes, mean: set.mIoU, note: "\(found) of \(set.classes.count) classes")
  }

  private static func lines(_ classes: [ClassScore], mean: Double?, note: String) {
    let width = max(4, classes.map(\.name.count).max() ?? 0)
    for item in classes {
      print(padded(item.name, width), item.iou.map(percent) ?? "     -")
    }
    print(padded("mIoU", width), mean.map(percent) ?? "     -", " (\(note))")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text.padding(toLength: width, withPad: " ", startingAt: 0)
  }

  private static func percent(_ share: Double) -> String { String(format: "%6.2f", 100 * share) }
}
