// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

extension LabelMap {
  /// The winning class of each pixel. Shapes: uint8 [H, W] or [1, H, W].
  init(classes: Tensor) {
    let shape = classes.shape
    let pixels = classes.to(.uint8, on: .cpu).scalars(as: UInt8.self)
    self.init(size: PixelSize(width: shape[shape.count - 1], height: shape[shape.count - 2]), pixels: pixels)
  }
}

/// Turns images into label maps with one network.
public struct Predictor {
  /// The network that predicts.
  public let network: any Segmenter
  /// How images are put to it.
  public let settings: PredictionSettings
  /// What images are brought to first; nil for their own brightness and contrast.
  package var exposure: Exposure?
  /// The networks that predict at some of the scales, in the place of `network`.
  package var scaleNetworks: [Double: any Segmenter] = [:]
  /// What the probability of each class is multiplied by before they are compared, [1, C, 1, 1]; nil for 1.
  package var classFactors: Tensor?
  /// Takes the times of a prediction's parts, where somebody asks for them.
  package var clock: PhaseClock?

  /// A predictor of a network, which must be left alone while it predicts.
  public init(_ network: any Segmenter, _ settings: PredictionSettings) {
    self.network = network
    self.settings = settings
  }

  /// The input size of an image at a scale: a multiple of what the network takes, the nearest to the size
  /// asked.
  public func inputSize(of image: PixelSize, scale: Double = 1) -> PixelSize {
    let base = settings.size ?? image
    func rounded(_ length: Int) -> Int { network.inputLength(nearest: Double(length) * scale) }
    return PixelSize(width: rounded(base.width), height: rounded(base.height))
  }

  /// Refuses what was asked for where the network does not take it.
  ///
  /// - Throws: `Problem` for an input size and for windows below the network's least.
  public func check() throws {
    if let size = settings.size { try network.checkLeast(size, "--size") }
    if let tiling = settings.tiling { try network.checkLeast(tiling.size, "--tile") }
  }

  /// Refuses an image by whose own statistics nothing can be normalised.
  func checkStatistics(ofImage size: PixelSize, at place: String) throws {
    guard settings.mode == .batchStatistics else { return }
    for scale in settings.scales {
      try network.checkStatistics(of: inputSize(of: size, scale: scale), count: 1, at: place)
    }
  }

  /// The winning class of each pixel, at `size` (the image's own by default).
  ///
  /// One pass compares scores; only several need probabilities, which are summed. Scores stay at the size at
  /// which the network gives them. One pass in windows at the input's own size keeps the scores of a row of
  /// windows only.
  public func labels(of image: RGBImage, at size: PixelSize? = nil) -> LabelMap {
    let size = size ?? image.size
    return withoutGradients {
      let target = inputSize(of: image.size, scale: settings.scales[0])
      if comparesScores, target == size, let places = windows(of: target) {
        return LabelMap(classes: tiledClasses(of: input(image, at: target), at: places))
      }
      let winners = winners(of: image, at: size, probabilities: !comparesScores)
      return LabelMap(classes: winners.classes)
    }
  }

  /// Whether one pass's scores decide, so that no probabilities are needed.
  private var comparesScores: Bool { settings.passes == 1 && classFactors == nil }

  /// The winning class and its mean probability over scales and mirrorings.
  public func labelsAndConfidence(of image: RGBImage) -> (labels: LabelMap, confidence: LabelMap) {
    withoutGradients {
      let winners = winners(of: image, at: image.size, probabilities: true)
      let confidence = winners.sums * (1 / Double(settings.passes)) * 255 + 0.5
      return (LabelMap(classes: winners.classes), LabelMap(classes: confidence))
    }
  }

  /// The classes that win at a size by their scores, or by the sums of their probabilities.
  private func winners(of image: RGBImage, at size: PixelSize, probabilities: Bool) -> WinningClasses {
    let image = image.exposed(exposure)
    var maps: [Tensor] = []
    for scale in settings.scales {
      var map = scores(of: image, scale: scale, mirrored: false, softmax: probabilities)
      if settings.mirror {
        map = map + scores(of: image, scale: scale, mirrored: true, softmax: probabilities)
      }
      if let classFactors { map = map * classFactors }
      maps.append(map)
      // Maps that together are larger than one at the picture's size are summed there.
      let area = maps.reduce(0) { $0 + $1.shape[2] * $1.shape[3] }
      if maps.count > 1, area > size.area {
        maps = [maps.dropFirst().reduce(resized(maps[0], to: size)) { $0 + resized($1, to: size) }]
      }
    }
    return clock.measure("compare") {
      WinningClasses(of: maps, height: size.height, width: size.width, alignCorners: settings.alignCorners)
    }
  }

  /// The scores, or probabilities, of one pass as they come. Shapes: -> [1, C, h, w].
  private func scores(of image: RGBImage, scale: Double, mirrored: Bool, softmax: Bool) -> Tensor {
    let target = inputSize(of: image.size, scale: scale)
    let input: Tensor = clock.measure("resize") {
      self.input(mirrored ? image.mirrored() : image, at: target)
    }
    let places = windows(of: target)
    var scores: Tensor = clock.measure("network") {
      places.map { tiledScores(of: input, at: $0, softmax: softmax) }
        ?? logits(input, of: scaleNetworks[scale])
    }
    if mirrored { scores = scores.flipped(along: 3) }
    if softmax, places == nil { scores = scores.softmax(1) }
    return settings.throughInputSize ? resized(scores, to: target) : scores
  }

  /// Shapes: -> normalised [1, 3, height, width].
  private func input(_ image: RGBImage, at target: PixelSize) -> Tensor {
    switch settings.interpolation {
    case .bicubic: network.input([image.resizedBicubic(to: target)])
    case .bilinear: network.input([image.resizedBilinear(to: target)])
    }
  }

  func logits(_ input: Tensor, of other: (any Segmenter)? = nil) -> Tensor {
    (other ?? network)(input, settings.mode, in: settings.precision).logits
  }

  func resized(_ scores: Tensor, to size: PixelSize) -> Tensor {
    let shape = scores.shape
    guard shape[2] != size.height || shape[3] != size.width else { return scores }
    return scores.resizedBilinear(
      height: size.height, width: size.width, alignCorners: settings.alignCorners)
  }
}
