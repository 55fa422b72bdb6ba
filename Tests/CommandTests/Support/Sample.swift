// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Five small street scenes and a network that two steps were spent on: made once, by the program itself.
struct Sample {
  let folder: ScratchFolder

  var images: String { folder.path("scenes/images") }
  var labels: String { folder.path("scenes/labels") }
  var weights: String { folder.path("source/last.safetensors") }
  /// A finished run of `adapt` with three steps, two images each.
  var run: String { folder.path("run") }
  /// The batches of that run.
  var batches: String { folder.path("batches") }

  static func make() throws -> Sample { try made.get() }

  private static let made = Result {
    let sample = Sample(folder: try .keptToTheEnd())
    try done(["data", "streets", "--size", "64x48", "--count", "5", "--output", sample.folder.path("scenes")])
    try done([
      "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11", "--size",
      "64x48",
      "--crop", "32x24", "--batch", "2", "--steps", "2", "--output", sample.folder.path("source"),
    ])
    try done(sample.adapt(to: sample.run, "--steps", "3", "--dump-batches", sample.batches))
    return sample
  }

  /// The arguments of a small `adapt`.
  func adapt(to output: String, _ more: String...) -> [String] {
    [
      "adapt", "--weights", weights, "--images", images, "--output", output, "--batch", "2", "--crop",
      "32x24",
    ] + more
  }
}
