// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// The three views of one target image and its pseudo-label, all of the crop's size.
///
/// There is no field for a true label: adaptation cannot be given one.
public struct TargetViews: Equatable, Sendable {
  /// A crop of the image at the network's input size: what the memory sees.
  public let image: RGBImage
  /// A crop of the image at a random scale: what the source network sees.
  public let scaled: RGBImage
  /// `scaled` after a random colour sub-policy: what the student sees.
  public let augmented: RGBImage
  /// The pseudo-label of `scaled`.
  public let label: LabelMap
  /// Whether the views are mirrored.
  public let mirrored: Bool
  /// The random factor of the network's input size.
  public let factor: Double
  /// Where the crop lies in the scaled image, before mirroring.
  public let place: PixelRect
  /// Where the crop lies in the image at the network's input size, before mirroring.
  public let imagePlace: PixelRect
  /// A number that decides what a method draws for this image.
  public let seed: UInt64
  /// The image's file, where it is known.
  public var path = ""
}

/// Cuts the views of target images.
///
/// Source: Cao et al. 2024 (IAPC), data of one training step.
public enum TargetView {
  /// The views of an image.
  ///
  /// Every random choice comes from `generator`, in a fixed order: factor, colours, place, mirroring, seed.
  /// - `pseudoLabel`: of the whole image, at any size; it is resized to the scaled image's (nearest).
  public static func make(
    image: RGBImage, pseudoLabel: LabelMap, settings: TargetViewSettings,
    using generator: inout SeededGenerator
  ) -> TargetViews {
    let factor = generator.uniform(settings.factors.lowerBound, settings.factors.upperBound)
    let scaledSize = settings.scaledSize(by: factor)
    let operations = settings.colour ? ColourPolicy.imageNet.draw(using: &generator) : []
    let wholeLabel = pseudoLabel.resizedNearest(to: scaledSize)
    let place = findPlace(in: wholeLabel, settings, &generator)
    let mirrored = settings.mirror && generator.chance(0.5)

    var (scaled, augmented) = colourViews(of: image, at: scaledSize, place: place, operations)
    let exposed = image.exposed(settings.exposure)
    if settings.exposure != nil { scaled = exposed.resizedBicubic(to: scaledSize, crop: place) }
    let imagePlace = proportional(place, factor: factor, in: settings.size)
    let plain = exposed.resizedBicubic(to: settings.size, crop: imagePlace)
    let label = wholeLabel.cropped(to: place)
    return TargetViews(
      image: mirrored ? plain.mirrored() : plain, scaled: mirrored ? scaled.mirrored() : scaled,
      augmented: mirrored ? augmented.mirrored() : augmented, label: mirrored ? label.mirrored() : label,
      mirrored: mirrored, factor: factor, place: place, imagePlace: imagePlace, seed: generator.next())
  }

  /// The crop of the scaled image, plain and after the colour operations.
  ///
  /// Operations that depend on the image's histogram or mean see the whole scaled image; for all others only
  /// the crop is resized.
  private static func colourViews(
    of image: RGBImage, at size: PixelSize, place: PixelRect, _ operations: [ColourOperation]
  ) -> (scaled: RGBImage, augmented: RGBImage) {
    if operations.allSatisfy(\.isPointwise) {
      let scaled = image.resizedBicubic(to: size, crop: place)
      return (scaled, ColourPolicy.apply(operations, to: scaled))
    }
    let whole = image.resizedBicubic(to: size)
    return (whole.cropped(to: place), ColourPolicy.apply(operations, to: whole).cropped(to: place))
  }

  /// A random place whose label has more than `minimumClasses` classes, or the last of the places tried.
  private static func findPlace(
    in label: LabelMap, _ settings: TargetViewSettings, _ generator: inout SeededGenerator
  ) -> PixelRect {
    var place = PixelRect(x: 0, y: 0, size: settings.crop)
    for _ in 0..<settings.tries {
      place.x = generator.below(label.width - settings.crop.width + 1)
      place.y = generator.below(label.height - settings.crop.height + 1)
      if label.classCount(in: place) > settings.minimumClasses { break }
    }
    return place
  }

  /// The place in an image of `size` that shows what `place` shows in the image scaled by `factor`.
  static func proportional(_ place: PixelRect, factor: Double, in size: PixelSize) -> PixelRect {
    PixelRect(
      x: min(Int(Double(place.x) / factor), size.width - place.size.width),
      y: min(Int(Double(place.y) / factor), size.height - place.size.height), size: place.size)
  }
}

extension LabelMap {
  /// How many classes appear in a rectangle; ignored pixels count as none.
  package func classCount(in rect: PixelRect) -> Int {
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: 256) { seen in
      seen.initialize(repeating: false)
      pixels.withUnsafeBufferPointer { pixels in
        for y in rect.y..<rect.y + rect.size.height {
          let start = y * width + rect.x
          for i in start..<start + rect.size.width { seen[Int(pixels[i])] = true }
        }
      }
      seen[Int(LabelMap.ignored)] = false
      return seen.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
  }
}
