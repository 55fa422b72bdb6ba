// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Reads target images and cuts their views: what a `BatchLoader` of adaptation runs in its workers.
public struct TargetViewMaker: Sendable {
  /// The unlabelled images.
  public let images: ImageList
  /// The source network's labels for them.
  public let pseudoLabels: any PseudoLabelSource
  /// How views are cut and coloured.
  public let settings: TargetViewSettings

  /// A maker of views of these images.
  public init(images: ImageList, pseudoLabels: any PseudoLabelSource, settings: TargetViewSettings) {
    self.images = images
    self.pseudoLabels = pseudoLabels
    self.settings = settings
  }

  /// The views of one image of the list.
  ///
  /// - Throws: `UnreadableFile` for an image that cannot be read, a `Problem` for one without a pseudo-label.
  public func make(_ index: Int, using generator: inout SeededGenerator) throws -> TargetViews {
    let entry = images.entries[index]
    let image = try UnreadableFile.marking(entry.path) { try entry.read() }
    var views = TargetView.make(
      image: image, pseudoLabel: try pseudoLabels.label(named: entry.name), settings: settings,
      using: &generator)
    views.path = entry.path
    return views
  }

  /// A loader of batches of views, in which the next images take the places of unreadable ones.
  ///
  /// - `most`: how many unreadable images a sample may meet.
  public func loader(
    _ order: BatchOrder, workers: Int, queueDepth: Int = 2, replacing most: Int
  ) -> BatchLoader<ReadableSample<TargetViews>> {
    BatchLoader(order, workers: workers, queueDepth: queueDepth, replacing: most) { request, generator in
      try make(request.index, using: &generator)
    }
  }
}
