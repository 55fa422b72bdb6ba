// SPDX-License-Identifier: Apache-2.0

import Torch

/// How often the class of a mixed image is that of the image which makes up more of it; larger is better.
///
/// Two images are mixed as `0.55 a + 0.45 b`. At each pixel the class of the mixture is held against the
/// network's own class of `a` there. Pixels where `a` and `b` have one class (within a cluster) and those
/// where they have two (across clusters) are counted apart, and the value is the mean of the two shares: the
/// first asks whether classes hold together, the second whether the border between them is where the mixture
/// changes sides. A network that says one class everywhere agrees always: it cannot see collapse.
/// Source: Hu et al. 2023, "Mixed samples as probes for unsupervised model selection in domain adaptation"
/// (MixVal), with the value for each pixel in the place of each image.
public struct MixAgreement {
  /// The larger share of a mixture.
  public static let share = 0.55

  private var within = Count()
  private var across = Count()

  private struct Count {
    var agreed = 0.0
    var pixels = 0.0
    var share: Double? { pixels > 0 ? agreed / pixels : nil }
  }

  /// Of no image yet.
  public init() {}

  /// A mixture. Shapes: two network inputs [N, 3, H, W] -> the same.
  public static func mixed(_ dominant: Tensor, _ other: Tensor) -> Tensor {
    dominant * share + other * (1 - share)
  }

  /// Counts the pixels of a mixture. Shapes: three class maps [H, W].
  public mutating func add(dominant: Tensor, other: Tensor, mixture: Tensor) {
    let (same, agreed) = (dominant.equals(other), mixture.equals(dominant))
    func total(_ mask: Tensor) -> Double { mask.to(.float64).sum().item }
    let both = total(same.and(agreed))
    within.agreed += both
    within.pixels += total(same)
    across.agreed += total(agreed) - both
    across.pixels += total(same.not())
  }

  /// The mean of the two shares, or the one that there is; nil where nothing was counted.
  public var value: Double? {
    let shares = [within.share, across.share].compactMap { $0 }
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }
}
