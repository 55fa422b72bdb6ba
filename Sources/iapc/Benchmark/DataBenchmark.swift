// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation

struct DataBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Time the training views of large PNG files, without a network.",
    discussion: """
      Example:
        iapc benchmark data --workers 2 --batches 20

      Each image is decoded, resized to --size, resized to a random scale of it, its
      colours changed, and a crop of each taken, as `iapc adapt` does.
      """)

  @Option(help: "The network's input size.")
  var size = PixelSize(width: 1280, height: 640)
  @Option(help: "The crops' size.")
  var crop = PixelSize(width: 512, height: 256)
  @Option(help: "Crops a batch.")
  var batch = 6
  @Option(help: "Batches to make.")
  var batches = 10
  @Option(help: "Threads that make them.")
  var workers = 2
  @Option(help: "The size of the drawn scenes.")
  var sceneSize = PixelSize(width: 2048, height: 1024)
  @Option(help: "How many scenes to draw.")
  var count = 12
  @Option(
    help: ArgumentHelp("Images in the place of drawn scenes.", valueName: "dir-or-list"), completion: .file())
  var images: String?
  @Option(
    help: ArgumentHelp("Label maps of --images, in the place of pseudo-labels.", valueName: "dir"),
    completion: .directory)
  var labels: String?
  @Option(
    help: ArgumentHelp("Also write the numbers there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws {
    guard count >= batch, batch >= 1, batches >= 1, workers >= 0 else {
      throw ValidationError("--batch and --batches must be at least 1, --count at least --batch.")
    }
    guard (images == nil) == (labels == nil) else {
      throw ValidationError("Give --images and --labels together.")
    }
  }

  func run() throws {
    try checkOutputFile(json)
    let result: DataTiming.Result
    if let images, let labels {
      result = try time(images, labels)
    } else {
      result = try TimedScenes(size: sceneSize, count: count).withFiles(time)
    }
    printTable([
      (
        "images a second",
        String(
          format: "%.1f (%d images in %.1f s)", result.imagesPerSecond, result.images, result.seconds)
      ), ("workers", "\(result.workers)"), ("peak memory", mebibytes(result.peakResidentBytes)),
    ])
    if let json { try writeJSON(result, to: json) }
  }

  private func time(_ images: String, _ labels: String) throws -> DataTiming.Result {
    let maker = TargetViewMaker(
      images: try ImageList(at: images),
      pseudoLabels: PseudoLabelFolder(path: labels, classCount: LabelSpace.cityscapes19.count),
      settings: try TargetViewSettings(size: size, crop: crop))
    return try DataTiming(maker, .caffe).run(batches: batches, of: batch, workers: workers, seed: 1)
  }
}
