// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation

/// Both networks' scores on labelled images.
struct Scores {
  private(set) var before: ConfusionMatrix
  private(set) var after: ConfusionMatrix
  /// The mean IoU of each image, over the classes that occur in it.
  /// Images without a labelled pixel have none.
  private(set) var images: [(name: String, before: Double, after: Double)] = []

  /// Images that were scored together.
  let count: Int

  /// Scores as `evaluate` does at the run's size; nothing else of the labels is used.
  ///
  /// - Throws: `Problem` for a file that cannot be read; `Interruption` where the user ends it.
  init(_ data: LabelledImages, _ networks: Networks, _ observer: RunObserver) throws {
    (before, after) = (.init(classCount: data.space.count), .init(classCount: data.space.count))
    count = data.count
    observer.begin("report: scores", data.count)
    for index in 0..<data.count {
      let sample = try data.read(index)
      func matrix(_ predictor: Predictor) -> ConfusionMatrix {
        var matrix = ConfusionMatrix(classCount: data.space.count)
        let labels = networks.shown(predictor.labels(of: sample.image, at: sample.label.size))
        matrix.add(prediction: labels, label: sample.label)
        return matrix
      }
      let (old, new) = (matrix(networks.before), matrix(networks.after))
      before.add(old)
      after.add(new)
      if let old = old.meanIoU, let new = new.meanIoU { images.append((sample.name, old, new)) }
      try observer.advanceOrStop(index + 1)
    }
  }

  /// The names of so many worst and best images after adaptation, each list from its end.
  func extremes(_ most: Int) -> (worst: [String], best: [String]) {
    let sorted = images.sorted { ($0.after, $0.name) < ($1.after, $1.name) }.map(\.name)
    let count = min(most, sorted.count / 2)
    return (Array(sorted.prefix(count)), Array(sorted.suffix(count).reversed()))
  }
}
