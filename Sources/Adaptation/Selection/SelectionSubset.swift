// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Torch

/// The images and pixels that all networks are compared on: the same for the same seed, list and size.
public struct SelectionSubset: Sendable {
  /// At the networks' input size.
  public let images: [RGBImage]
  /// The places in the list that the images have.
  public let indices: [Int]
  /// For each image the places of its pixels, in rows from the top, in rising order.
  public let pixels: [[Int]]
  /// The size that its images are brought to.
  public let size: PixelSize

  /// Chooses and reads the images.
  ///
  /// - `size`: the input size that all are brought to.
  /// - `most`: images, at most.
  /// - `pixels`: pixels of each image, at most.
  /// - `progress`: called after each image with the count so far.
  /// - Throws: a `Problem` for an image that cannot be read.
  public init(
    of list: ImageList, at size: PixelSize, most: Int, pixels: Int, seed: UInt64,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    var order = SeededGenerator(seed: seed, purpose: "selection images")
    let chosen = order.permutation(list.count).prefix(max(1, most)).sorted()
    var images: [RGBImage] = []
    for index in chosen {
      images.append(try list.entries[index].read().resizedBicubic(to: size))
      try progress(images.count)
    }
    self.init(images, indices: chosen, pixels: pixels, seed: seed)
  }

  /// - `images`: of one size; at least one.
  public init(_ images: [RGBImage], indices: [Int]? = nil, pixels count: Int, seed: UInt64) {
    guard let size = images.first?.size, images.allSatisfy({ $0.size == size }) else {
      fatalError("a subset needs images of one size")
    }
    (self.images, self.size) = (images, size)
    self.indices = indices ?? Array(images.indices)
    pixels = self.indices.map { index in
      var generator = SeededGenerator(seed: seed, purpose: "selection pixels", index: index)
      return Self.draw(count, of: size.area, &generator)
    }
  }

  /// Images of a batch that statistics are estimated by.
  static let statisticsBatch = 4

  /// Estimates a network's normalisation statistics anew over the images, as a run with `batch_norm.final: target`
  /// ends.
  ///
  /// - `progress`: called before each batch; what it throws ends the work.
  func estimateStatistics(
    of network: any Segmenter, form: StatisticsForm = .mean, progress: () throws -> Void = {}
  ) throws {
    let batch = min(Self.statisticsBatch, images.count)
    try reestimateStatistics(of: network, batches: images.count / batch, form: form) { index in
      try progress()
      return network.input(Array(images[index * batch..<(index + 1) * batch]))
    }
  }

  /// Distinct numbers below `bound`, rising; all of them where no more than `count` are there.
  private static func draw(_ count: Int, of bound: Int, _ generator: inout SeededGenerator) -> [Int] {
    guard count < bound else { return Array(0..<bound) }
    var found: Set<Int> = []
    // Floyd's sampling: as many draws as numbers, whatever is there already.
    for top in bound - count..<bound {
      let next = generator.below(top + 1)
      found.insert(found.contains(next) ? top : next)
    }
    return found.sorted()
  }
}
