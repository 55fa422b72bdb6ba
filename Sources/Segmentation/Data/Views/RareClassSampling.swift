// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Draws training images by a class first, a rare one more often, then one of the images that show it.
///
/// A class of share f of the pixels is drawn with a probability proportional to `exp((1 - f) / T)`, among the
/// classes that some image shows enough of. Source: Hoyer et al. 2022 (DAFormer), eq. 9 and 10.
public struct RareClassSampling: Equatable, Sendable {
  /// Of each class; 0 for those that no image shows enough of.
  public let probabilities: [Double]
  private let cumulative: [Double]
  /// The images that show a class, by class, each with the pixels that count as enough there.
  private let images: [[Int]]
  private let least: [Int]

  /// - `temperature`: the smaller, the more often rare classes come; DAFormer's is 0.01.
  /// - `pixels`: pixels of a class from which on an image shows it; nil for 0.15 % of the image, which is
  ///   DAFormer's 3000 in an image of GTA5.
  /// - Throws: `Problem` where no image shows enough of any class.
  public init(_ statistics: ClassStatistics, temperature: Double, pixels: Int? = nil) throws {
    guard temperature > 0 else { fatalError("a temperature of \(temperature) orders nothing") }
    let shares = statistics.shares
    let least = statistics.areas.map { pixels ?? max(1, $0 * 3 / 2000) }
    let images = shares.indices.map { index in
      statistics.counts.indices.filter { statistics.counts[$0][index] >= least[$0] }
    }
    let known = shares.indices.filter { !images[$0].isEmpty }
    guard let rarest = known.map({ shares[$0] }).min() else {
      throw Problem(
        "cannot draw images by their classes", at: "\(statistics.counts.count) label files",
        because: "no image has as many pixels of a class as are asked for",
        remedy: "lower data.rare_class_min_pixels, or turn data.rare_class_sampling off")
    }
    // Relative to the rarest, so that no power overflows.
    let powers = shares.indices.map { index in
      images[index].isEmpty ? 0 : exp((rarest - shares[index]) / temperature)
    }
    let total = powers.reduce(0, +)
    let probabilities = powers.map { $0 / total }
    var sum = 0.0
    self.probabilities = probabilities
    cumulative = probabilities.map { part in
      sum += part
      return sum
    }
    self.images = images
    self.least = least
  }

  /// An image, and the class it was drawn for; a crop should keep at least half of what made it count.
  ///
  /// Source: DAFormer's `rcs_min_crop_ratio`, 0.5.
  public func draw(using generator: inout SeededGenerator) -> (index: Int, wanted: WantedClass) {
    let place = generator.unit()
    let chosen =
      cumulative.indices.first { cumulative[$0] > place && probabilities[$0] > 0 }
      ?? probabilities.indices.last { probabilities[$0] > 0 } ?? 0
    let index = images[chosen][generator.below(images[chosen].count)]
    return (index, WantedClass(index: chosen, pixels: least[index] / 2))
  }
}
