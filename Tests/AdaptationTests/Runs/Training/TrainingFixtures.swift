// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Imaging
import Segmentation
import TestSupport

/// Six generated pictures with label files, three more to score on, and the settings of a short training.
struct TrainingFixtures {
  let folder: ScratchFolder
  var settings = TrainingSettings()

  init() throws {
    folder = try ScratchFolder()
    for (set, count) in [("train", 6), ("held", 3)] {
      for kind in ["images", "labels"] {
        try FileManager.default.createDirectory(
          atPath: folder.path("\(set)/\(kind)"), withIntermediateDirectories: true)
      }
      for i in 0..<count {
        let image = picture(48, 32, seed: UInt64(i + 10 * count))
        try image.writePNG(to: folder.path("\(set)/images/\(i).png"))
        // Classes by brightness, so that there is something to learn.
        let label = (0..<image.size.area).map { image.pixels[3 * $0] / 29 }
        try LabelMap(size: image.size, pixels: label).writePNG(to: folder.path("\(set)/labels/\(i).png"))
      }
    }
    (settings.source.images, settings.source.labels) = (
      folder.path("train/images"), folder.path("train/labels")
    )
    settings.source.labelSpace = "camvid11"
    (settings.size, settings.crop) = (PixelSize(width: 48, height: 32), PixelSize(width: 24, height: 16))
    (settings.batch, settings.steps, settings.learningRate, settings.warmUp) = (2, 6, 0.01, 0)
    (settings.device, settings.threads, settings.workers) = ("cpu", 1, 1)
  }

  /// The same settings with the held-out pictures to score on.
  mutating func validate(every steps: Int) {
    settings.validation.images = folder.path("held/images")
    settings.validation.labels = folder.path("held/labels")
    settings.evaluateEvery = steps
  }

  /// Trains to a folder of its own and gives it.
  @discardableResult
  func train(
    _ name: String, _ start: RunStart = .new(overwrite: false), observer: RunObserver = RunObserver(),
    _ change: (inout TrainingSettings) -> Void = { _ in }
  ) throws -> RunFolder {
    var settings = settings
    settings.output = folder.path(name)
    change(&settings)
    _ = try SourceTrainer(settings, command: ["iapc", "train"], observer: observer).run(start)
    return RunFolder(settings.output)
  }
}
