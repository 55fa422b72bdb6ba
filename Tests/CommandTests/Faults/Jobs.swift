// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

extension Job {
  /// Commands that write, each in as many ways as it has.
  static let names = ["adapt", "train", "predict", "pseudo-label", "convert", "evaluate", "data streets"]

  static func named(_ name: String) throws -> Job {
    let sample = try Sample.make()
    let images = ["--weights", sample.weights, "--images", sample.images]
    switch name {
    case "adapt": return try adapt(steps: 4, checkpointEvery: 1)
    case "train":
      return Job(
        name: name,
        arguments: [
          "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
          "--validation-images", sample.images, "--validation-labels", sample.labels, "--evaluate-every", "3",
          "--size", "64x48", "--crop", "32x24", "--batch", "2", "--steps", "3", "--set", "checkpoint.every=1",
          "--output", "{}/run",
        ], hasSteps: true)
    case "convert":
      return Job(
        name: name, arguments: ["convert", "\(sample.run)/adapted.safetensors", "{}/out.pth", "--overwrite"],
        before: ["out.pth": Data("the one before".utf8)])
    case "evaluate":
      return Job(
        name: name, arguments: ["evaluate"] + images + ["--labels", sample.labels, "--json", "{}/out.json"],
        before: ["out.json": Data("the one before".utf8)])
    case "data streets":
      return Job(
        name: name,
        arguments: ["data", "streets", "--size", "32x24", "--count", "2", "--output", "{}/scenes"])
    default: return Job(name: name, arguments: [name] + images + ["--output", "{}/labelled"])
    }
  }

  /// A small run of `adapt`.
  static func adapt(steps: Int, checkpointEvery: Int, workers: Int = 1) throws -> Job {
    let settings = [
      "checkpoint.every=\(checkpointEvery)", "runtime.workers=\(workers)", "selection.every=2",
      "selection.images=2",
    ].flatMap { ["--set", $0] }
    return Job(
      name: "adapt", arguments: try Sample.make().adapt(to: "{}/run") + ["--steps", "\(steps)"] + settings,
      hasSteps: true)
  }
}
