// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Reads target images and cuts their views: what a `BatchLoader` of adaptation runs in its workers.
public struct TargetViewMaker: Sendable {
  public let images: ImageList
  public let pseudoLabels: any PseudoLabelSource
  public let settings: TargetViewSettings

  public init(images: ImageList, pseudoLabels: any PseudoLabelSource, settings: TargetViewSettings) {
    self.images = images
    self.pseudoLabels = pseudoLabels
    self.settings = settings
  }

  /// The views of one image of the list.
  ///
  /// - Throws: a `Problem` for an image that cannot be read or has no pseudo-label.
  public func make(_ index: Int, using generator: inout SeededGenerator) throws -> TargetViews {
    let entry = images.entries[index]
    return TargetView.make(
      image: try ImageFile.readRGB(entry.path), pseudoLabel: try pseudoLabels.label(named: entry.name),
      settings: settings, using: &generator)
  }

  /// A loader of batches of views.
  public func loader(_ order: BatchOrder, workers: Int, queueDepth: Int = 2) -> BatchLoader<TargetViews> {
    BatchLoader(order: order, workers: workers, queueDepth: queueDepth) { request, generator in
      try make(request.index, using: &generator)
    }
  }
}
