// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// A crop of a labelled image with the crop of its label: one sample of source training.
public struct SupervisedSample: Equatable, Sendable {
  /// The crop of the image.
  public var image: RGBImage
  /// The crop of the label, of the same size.
  public var label: LabelMap
  /// The image's file; empty where there is none.
  public var path: String

  /// A sample of a crop and its label.
  public init(image: RGBImage, label: LabelMap, path: String = "") {
    self.image = image
    self.label = label
    self.path = path
  }
}

/// A class that a crop should show, by at least so many pixels of the unscaled image.
public struct WantedClass: Equatable, Sendable {
  /// The class index.
  public let index: Int
  /// Pixels that the crop should show of it.
  public let pixels: Int

  /// A wish for a class.
  public init(index: Int, pixels: Int) {
    self.index = index
    self.pixels = pixels
  }
}

/// Gaussian blur of a random strength, for some of the samples.
public struct RandomBlur: Equatable, Sendable {
  /// Of a sample to be blurred.
  public var probability: Double
  /// The kernel's standard deviation, in pixels.
  public var deviations: ClosedRange<Double>

  /// Blur of a share of the samples.
  public init(probability: Double, deviations: ClosedRange<Double>) {
    self.probability = probability
    self.deviations = deviations
  }
}

/// Cuts training samples of labelled images: random scale, random crop, mirroring, colour changes, blur.
public struct SupervisedViews: Sendable {
  /// The size that images are brought to before the random scale; nil keeps each image's own.
  public var size: PixelSize?
  /// The size of samples.
  public var crop: PixelSize
  /// The range of the random scale.
  public var scaleRange: ClosedRange<Double> = 0.5...2
  /// Whether samples are mirrored, with probability 1/2.
  public var mirror = true
  /// Whether samples go through the colour policy of the adaptation's strong view.
  public var colourPolicy = false
  /// Brightness is multiplied by a factor in 1 - brightness ... 1 + brightness; 0 leaves it.
  public var brightness = 0.0
  /// Contrast about mid-grey is multiplied by a factor in 1 - contrast ... 1 + contrast; 0 leaves it.
  public var contrast = 0.0
  /// A crop in which one class fills more than this share of the labelled pixels is drawn again; 1 takes all.
  ///
  /// Source: Chen et al. 2018 (DeepLabv3+) in mmsegmentation's form, `cat_max_ratio`.
  public var classMaximum = 1.0
  /// Random light, contrast, saturation and hue; nil for none.
  public var distortion: PhotometricDistortion?
  /// Random blur; nil for none.
  public var blur: RandomBlur?
  /// The colour around an image that is smaller than the crop; the label is ignored there.
  public var padding: (red: UInt8, green: UInt8, blue: UInt8) = (123, 117, 104)

  /// - Throws: a `Problem` for an empty crop, a range of scales not above 0, and changes outside 0...1.
  public init(
    size: PixelSize? = nil, crop: PixelSize, scaleRange: ClosedRange<Double> = 0.5...2, mirror: Bool = true,
    colourPolicy: Bool = false, brightness: Double = 0, contrast: Double = 0
  ) throws {
    let positive = crop.width > 0 && crop.height > 0 && (size.map { $0.width > 0 && $0.height > 0 } ?? true)
    let changes = (0...1).contains(brightness) && (0...1).contains(contrast)
    guard positive, changes, scaleRange.lowerBound > 0, scaleRange.upperBound.isFinite else {
      throw Problem(
        "cannot cut samples with these settings", at: "crop \(crop)",
        because: "scales \(scaleRange), brightness \(brightness), contrast \(contrast)",
        remedy: "choose sizes and scales above 0, brightness and contrast in 0 to 1")
    }
    self.size = size
    self.crop = crop
    self.scaleRange = scaleRange
    self.mirror = mirror
    self.colourPolicy = colourPolicy
    self.brightness = brightness
    self.contrast = contrast
  }

  /// How often a crop is drawn again at most.
  private static let tries = 10

  /// A sample of an image and its label, which have one size.
  ///
  /// - `wanted`: a class to show; a crop with too little of it is drawn again.
  public func make(
    image: RGBImage, label: LabelMap, wanted: WantedClass? = nil, using generator: inout SeededGenerator
  ) -> SupervisedSample {
    guard image.size == label.size else {
      fatalError("a label of \(label.size) does not belong to an image of \(image.size)")
    }
    let factor = generator.uniform(scaleRange.lowerBound, scaleRange.upperBound)
    let base = size ?? image.size
    let scaled = PixelSize(
      width: max(1, Int((factor * Double(base.width)).rounded())),
      height: max(1, Int((factor * Double(base.height)).rounded())))
    let whole = label.resizedNearest(to: scaled)
    let least = wanted.map { ($0.index, $0.pixels * scaled.area / max(1, image.size.area)) }
    let place = place(in: whole, showing: least, &generator)
    let mirrored = mirror && generator.chance(0.5)
    var changed = colours(of: image, scaled: scaled, place: place.source, &generator)
    if let distortion { changed = changed.applying(distortion.draw(using: &generator)) }
    if let blur, generator.chance(blur.probability) {
      let deviation = generator.uniform(blur.deviations.lowerBound, blur.deviations.upperBound)
      changed = changed.blurred(deviation: deviation)
    }
    let ids = whole.cropped(to: place.source)
    let sample = padded(SupervisedSample(image: changed, label: ids), x: place.x, y: place.y)
    guard mirrored else { return sample }
    return SupervisedSample(image: sample.image.mirrored(), label: sample.label.mirrored())
  }

  /// A place whose crop shows enough of the wanted class and not too much of any, or the last of those tried.
  private func place(
    in label: LabelMap, showing wanted: (index: Int, pixels: Int)?, _ generator: inout SeededGenerator
  ) -> (source: PixelRect, x: Int, y: Int) {
    var place = place(in: label.size, &generator)
    guard classMaximum < 1 || wanted != nil else { return place }
    for _ in 0..<Self.tries {
      let counts = label.counts(in: place.source)
      let labelled = counts.dropLast().reduce(0, +)
      let isMixed = Double(counts.dropLast().max() ?? 0) <= classMaximum * Double(labelled) && labelled > 0
      if isMixed, wanted.map({ counts[$0.index] >= $0.pixels }) ?? true { break }
      place = self.place(in: label.size, &generator)
    }
    return place
  }

  /// What is cut out of the scaled image, and where it comes to lie in the crop: at a random place of the
  /// free room in either case.
  private func place(
    in scaled: PixelSize, _ generator: inout SeededGenerator
  ) -> (source: PixelRect, x: Int, y: Int) {
    func along(_ image: Int, _ crop: Int) -> (from: Int, to: Int, length: Int) {
      let offset = generator.below(abs(image - crop) + 1)
      return image >= crop ? (offset, 0, crop) : (0, offset, image)
    }
    let (x, y) = (along(scaled.width, crop.width), along(scaled.height, crop.height))
    let size = PixelSize(width: x.length, height: y.length)
    return (PixelRect(x: x.from, y: y.from, size: size), x.to, y.to)
  }

  private func colours(
    of image: RGBImage, scaled: PixelSize, place: PixelRect, _ generator: inout SeededGenerator
  ) -> RGBImage {
    let operations = colourPolicy ? ColourPolicy.imageNet.draw(using: &generator) : []
    let light = generator.uniform(1 - brightness, 1 + brightness)
    let spread = generator.uniform(1 - contrast, 1 + contrast)
    var result: RGBImage
    if operations.allSatisfy(\.isPointwise) {
      result = ColourPolicy.apply(operations, to: image.resizedBicubic(to: scaled, crop: place))
    } else {
      result = ColourPolicy.apply(operations, to: image.resizedBicubic(to: scaled)).cropped(to: place)
    }
    guard brightness > 0 || contrast > 0 else { return result }
    let table = (0..<256).map { value in
      UInt8(min(255, max(0, ((Double(value) * light - 128) * spread + 128).rounded())))
    }
    table.withUnsafeBufferPointer { table in
      result.pixels.withUnsafeMutableBufferPointer { pixels in
        for i in 0..<pixels.count { pixels[i] = table[Int(pixels[i])] }
      }
    }
    return result
  }

  /// A sample of the crop's size with a smaller one inside.
  private func padded(_ sample: SupervisedSample, x: Int, y: Int) -> SupervisedSample {
    let size = sample.image.size
    guard size != crop else { return sample }
    var image = RGBImage(size: crop, filledWith: padding.red, padding.green, padding.blue)
    var label = LabelMap(size: crop)
    for row in 0..<size.height {
      let (from, to) = (row * size.width, (row + y) * crop.width + x)
      image.pixels.replaceSubrange(
        3 * to..<3 * (to + size.width), with: sample.image.pixels[3 * from..<3 * (from + size.width)])
      label.pixels.replaceSubrange(
        to..<to + size.width, with: sample.label.pixels[from..<from + size.width])
    }
    return SupervisedSample(image: image, label: label)
  }
}

extension LabelledImages {
  /// A loader of batches of training samples, in which the next pairs take the places of unreadable ones.
  ///
  /// - `most`: how many unreadable files a sample may meet.
  /// - `rareClasses`: draws the images by their classes, in place of the order's own items.
  public func loader(
    _ views: SupervisedViews, _ order: BatchOrder, workers: Int, queueDepth: Int = 2, replacing most: Int,
    rareClasses: RareClassSampling? = nil
  ) -> BatchLoader<ReadableSample<SupervisedSample>> {
    BatchLoader(order, workers: workers, queueDepth: queueDepth, replacing: most) { request, generator in
      // A replacement is the order's: all images that show a class may be unreadable.
      let drawn = request.attempt == 0 ? rareClasses?.draw(using: &generator) : nil
      let index = drawn?.index ?? request.index
      let pair = try readMarked(index)
      var sample = views.make(image: pair.image, label: pair.label, wanted: drawn?.wanted, using: &generator)
      sample.path = entries[index].image.path
      return sample
    }
  }
}
