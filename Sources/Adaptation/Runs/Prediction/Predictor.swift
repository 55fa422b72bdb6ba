// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

extension LabelMap {
  /// The winning class of each pixel. Shapes: int64 or uint8 [H, W] or [1, H, W].
  init(classes: Tensor) {
    let shape = classes.shape
    let pixels = classes.to(.uint8, on: .cpu).scalars(as: UInt8.self)
    self.init(size: PixelSize(width: shape[shape.count - 1], height: shape[shape.count - 2]), pixels: pixels)
  }
}

/// Turns images into label maps with one network.
public struct Predictor {
  public let network: any Segmenter
  public let settings: PredictionSettings

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

  /// The winning class of each pixel, at `size` (the image's own by default).
  ///
  /// One pass compares scores; only several need probabilities, which are summed. One pass in windows at the
  /// input's own size keeps the scores of a row of windows only.
  public func labels(of image: RGBImage, at size: PixelSize? = nil) -> LabelMap {
    let size = size ?? image.size
    return withoutGradients {
      if settings.passes == 1 {
        let only = Pass(scale: settings.scales[0], mirrored: false, softmax: false)
        let target = inputSize(of: image.size, scale: only.scale)
        if target == size, let places = windows(of: target) {
          return LabelMap(classes: tiledClasses(of: input(image, at: target), at: places))
        }
        return LabelMap(classes: scores(of: image, only, at: size).argmax(1))
      }
      return LabelMap(classes: summedProbabilities(of: image, at: size).argmax(1))
    }
  }

  /// The winning class and its mean probability over scales and mirrorings.
  public func labelsAndConfidence(of image: RGBImage) -> (labels: LabelMap, confidence: LabelMap) {
    withoutGradients {
      let sum = summedProbabilities(of: image, at: image.size)
      let best = (sum * (1 / Double(settings.passes))).largest(1, along: 1)
      let confidence = best.values * 255 + 0.5
      let plane = [image.height, image.width]
      return (LabelMap(classes: best.indices.reshaped(plane)), LabelMap(classes: confidence.reshaped(plane)))
    }
  }

  /// One way of putting an image to the network.
  private struct Pass {
    let scale: Double
    let mirrored: Bool
    let softmax: Bool
  }

  /// Shapes: -> [1, C, H, W], summed over scales and mirrorings.
  private func summedProbabilities(of image: RGBImage, at size: PixelSize) -> Tensor {
    var sum: Tensor?
    for scale in settings.scales {
      for mirrored in settings.mirror ? [false, true] : [false] {
        let pass = Pass(scale: scale, mirrored: mirrored, softmax: true)
        let probabilities = scores(of: image, pass, at: size)
        sum = sum.map { $0 + probabilities } ?? probabilities
      }
    }
    guard let sum else { fatalError("a prediction needs a scale") }
    return sum
  }

  /// Scores, or probabilities, at a size. Shapes: -> [1, C, height, width].
  private func scores(of image: RGBImage, _ pass: Pass, at size: PixelSize) -> Tensor {
    let target = inputSize(of: image.size, scale: pass.scale)
    let input = input(pass.mirrored ? image.mirrored() : image, at: target)
    let places = windows(of: target)
    var scores =
      places.map { tiledScores(of: input, at: $0, softmax: pass.softmax) }
      ?? network(input, settings.mode).logits
    if pass.mirrored { scores = scores.flipped(along: 3) }
    if pass.softmax, places == nil { scores = scores.softmax(1) }
    if settings.throughInputSize { scores = resized(scores, to: target) }
    return resized(scores, to: size)
  }

  /// Shapes: -> normalised [1, 3, height, width].
  private func input(_ image: RGBImage, at target: PixelSize) -> Tensor {
    switch settings.interpolation {
    case .bicubic: network.input([image.resizedBicubic(to: target)])
    case .bilinear: network.input([image.resizedBilinear(to: target)])
    }
  }

  func resized(_ scores: Tensor, to size: PixelSize) -> Tensor {
    let shape = scores.shape
    guard shape[2] != size.height || shape[3] != size.width else { return scores }
    return scores.resizedBilinear(
      height: size.height, width: size.width, alignCorners: settings.alignCorners)
  }
}
