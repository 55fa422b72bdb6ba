// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// How views of an unlabelled target image are cut.
public struct TargetViewSettings: Equatable, Sendable {
  /// The size that images are brought to: the network's input, of which crops are taken.
  public let size: PixelSize
  /// The size of the views.
  public let crop: PixelSize
  /// The factors of `size` that are drawn from, uniformly: the range asked for, less the factors at which the
  /// crop would not fit.
  public let factors: ClosedRange<Double>
  /// Whether views are mirrored, with probability 1/2.
  public let mirror: Bool
  /// Whether `augmented` goes through the colour policy; without it, it equals `scaled`.
  public let colour: Bool
  /// A crop is taken at once when its label has more classes than this.
  public let minimumClasses: Int
  /// How many places are tried for such a crop before the last one is taken.
  public let tries: Int
  /// What the plain views are brought to before they are cut; nil leaves images as they are. The strong view never is.
  public let exposure: Exposure?

  /// The settings of a run; the defaults are the method's.
  ///
  /// - Throws: a `Problem` for a crop that does not fit into `size` or into any factor of it, and for scales
  ///   and counts out of range.
  public init(
    size: PixelSize, crop: PixelSize, scaleRange: ClosedRange<Double> = 0.8...1.2, mirror: Bool = true,
    colour: Bool = true, minimumClasses: Int = 10, tries: Int = 10,
    exposure: Exposure? = nil
  ) throws {
    func refuse(_ why: String, _ remedy: String) -> Problem {
      Problem("cannot cut views of this size", at: "crop \(crop) of \(size)", because: why, remedy: remedy)
    }
    guard crop.width > 0, crop.height > 0, crop.width <= size.width, crop.height <= size.height else {
      throw refuse("the crop does not fit into the network input", "choose a crop of at most \(size)")
    }
    let fitting = max(
      Double(crop.width) / Double(size.width), Double(crop.height) / Double(size.height))
    guard scaleRange.lowerBound > 0, scaleRange.upperBound.isFinite, scaleRange.upperBound >= fitting else {
      throw refuse(
        "scaled by at most \(scaleRange.upperBound), the image is smaller than the crop",
        "choose a smaller crop or a wider range of scales")
    }
    guard tries >= 1, minimumClasses >= 0 else {
      throw refuse(
        "\(tries) tries for more than \(minimumClasses) classes", "choose at least 1 try and 0 classes")
    }
    self.size = size
    self.crop = crop
    self.factors = max(scaleRange.lowerBound, fitting)...scaleRange.upperBound
    self.mirror = mirror
    self.colour = colour
    self.minimumClasses = minimumClasses
    self.tries = tries
    self.exposure = exposure
  }

  /// The size of the scaled image for a factor: rounded, and never smaller than the crop.
  func scaledSize(by factor: Double) -> PixelSize {
    PixelSize(
      width: max(crop.width, Int((factor * Double(size.width)).rounded())),
      height: max(crop.height, Int((factor * Double(size.height)).rounded())))
  }
}
