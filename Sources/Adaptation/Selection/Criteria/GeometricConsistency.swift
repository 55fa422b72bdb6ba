// SPDX-License-Identifier: Apache-2.0

import Torch

/// The mean IoU between the classes of images and those of the same images mirrored and made smaller, brought
/// back; larger is better.
///
/// Class by class over all images, as a score on labels is counted, with the plain classes in the place of
/// labels. The change is one of geometry, for the method trains on changes of colour. A network that says one
/// class everywhere is consistent: it cannot see collapse.
/// Source: consistency under augmentation, as many label-free criteria have it; no single paper.
public struct GeometricConsistency: Sendable {
  /// The factor of the changed image's sides.
  public static let scale = 0.75

  private let classCount: Int
  private var counts: [Double]

  /// Of no image yet.
  public init(classCount: Int) {
    self.classCount = classCount
    counts = [Double](repeating: 0, count: classCount * classCount)
  }

  /// An input mirrored and brought to a size. Shapes: [N, 3, H, W] -> [N, 3, height, width].
  public static func changed(_ input: Tensor, height: Int, width: Int) -> Tensor {
    input.flipped(along: 3).resizedBilinear(height: height, width: width, alignCorners: false)
  }

  /// Scores of a changed input as those of the plain one. Shapes: [N, C, h, w] -> [N, C, h, w].
  public static func undone(_ scores: Tensor) -> Tensor { scores.flipped(along: 3) }

  /// Counts an image's pixels. Shapes: two class maps [H, W].
  public mutating func add(plain: Tensor, changed: Tensor) {
    let pairs = plain.to(.int64) * Double(classCount) + changed.to(.int64)
    let found = pairs.to(.int64).reshaped(-1).histogram(bins: classCount * classCount)
    for (place, count) in found.to(.cpu).scalars(as: Int64.self).enumerated() {
      counts[place] += Double(count)
    }
  }

  /// Adds the pixels of another one.
  mutating func add(_ other: GeometricConsistency) {
    for (place, count) in other.counts.enumerated() { counts[place] += count }
  }

  /// The mean over the classes that occur in either; nil where nothing was counted.
  public var value: Double? {
    let shares = (0..<classCount).compactMap { index -> Double? in
      let plain = (0..<classCount).reduce(0) { $0 + counts[index * classCount + $1] }
      let changed = (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + index] }
      let both = counts[index * classCount + index]
      return plain + changed > 0 ? both / (plain + changed - both) : nil
    }
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }
}
