// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Torch

extension AdaptationSettings {
  /// Whether a share is wanted for labels alone, before statistics of the network itself are estimated.
  fileprivate var choosesShareForLabels: Bool {
    sourceShare == nil && method.needsPseudoLabels && pseudoLabels.statistics == .scale
  }
}

extension AdaptationRun {
  /// Keeps what the network came with where a share of it stays, and estimates its statistics anew where that is
  /// wanted before the first step.
  func estimateFirstStatistics(of network: any Segmenter, _ images: ImageList, _ size: PixelSize) throws {
    if settings.sourceShare != 0 {
      sourceStatistics = SourceStatistics(of: network, share: settings.sourceShare)
    }
    guard network.hasBatchStatistics else { return }
    let exposure = settings.exposure(for: network)
    if settings.initialStatistics == .target {
      try estimateStatistics(of: network, images, size, at: exposure)
    } else if settings.choosesShareForLabels {
      try estimateStatistics(of: network.copy(), images, size, at: exposure)
    }
  }

  /// - `exposure`: what the images are brought to first; nil for their own.
  /// - `keepsShare`: whether a share of the source's statistics stays in those.
  func estimateStatistics(
    of network: any Segmenter, _ images: ImageList, _ size: PixelSize, at exposure: Exposure? = nil,
    keepsShare: Bool = true
  ) throws {
    let order = BatchOrder(
      count: images.count, batchSize: settings.batch, seed: settings.seed, part: part)
    let batches = max(1, images.count / settings.batch)
    let loader = BatchLoader(order, workers: settings.workers, replacing: unreadable.most) { request, _ in
      let entry = images.entries[request.index]
      let image = try UnreadableFile.marking(entry.path) { try entry.read() }
      return image.exposed(exposure).resizedBicubic(to: size)
    }
    defer { loader.stop() }
    observer.begin("statistics", batches)
    try ProcessGroup.sharingNormalisation(over: peers?.group) {
      try reestimateStatistics(of: network, batches: batches, form: settings.statisticsForm) { index in
        try observer.advanceOrStop(index)
        return network.input(try unreadable.samples(of: loader.next()))
      }
    }
    observer.advance(batches)
    try peers?.check()
    if keepsShare { try keepShare(in: network, images, size, at: exposure) }
  }

  /// Lets a share of the source's statistics stay in those that were just estimated.
  private func keepShare(
    in network: any Segmenter, _ images: ImageList, _ size: PixelSize, at exposure: Exposure?
  ) throws {
    guard var source = sourceStatistics else { return }
    if source.share == nil {
      let probe = try ProbeImages(images, at: size, exposure, seed: settings.seed, observer)
      let found = try source.chooseShare(for: network, on: probe)
      observer.note("source's share of the normalisation statistics: \(found)")
      sourceStatistics = source
    }
    source.stay(in: network)
  }
}
