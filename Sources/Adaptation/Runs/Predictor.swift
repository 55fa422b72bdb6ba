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

/// How a network is asked for a label map.
public struct PredictionSettings: Equatable, Sendable {
  /// The network's input size at scale 1; nil for each image's own, rounded to what the network takes.
  public var size: PixelSize?
  /// Scales whose probabilities are summed; a single plain one needs no probabilities.
  public var scales = [1.0]
  /// Whether mirrored images are summed too.
  public var mirror = false
  /// Which statistics normalisation layers use.
  public var mode = Mode.evaluation

  public init(size: PixelSize? = nil, scales: [Double] = [1], mirror: Bool = false, mode: Mode = .evaluation)
  {
    self.size = size
    self.scales = scales
    self.mirror = mirror
    self.mode = mode
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
    let step = Double(network.sizeMultiple)
    func rounded(_ length: Int) -> Int {
      max(1, Int((Double(length) * scale / step).rounded())) * network.sizeMultiple
    }
    return PixelSize(width: rounded(base.width), height: rounded(base.height))
  }

  /// The winning class of each pixel, at `size` (the image's own by default).
  public func labels(of image: RGBImage, at size: PixelSize? = nil) -> LabelMap {
    let size = size ?? image.size
    return withoutGradients {
      if settings.scales == [1], !settings.mirror {
        return LabelMap(classes: logits(of: image, scale: 1, mirrored: false, at: size).argmax(1))
      }
      return LabelMap(classes: summedProbabilities(of: image, at: size).argmax(1))
    }
  }

  /// The winning class and its mean probability over scales and mirrorings.
  public func labelsAndConfidence(of image: RGBImage) -> (labels: LabelMap, confidence: LabelMap) {
    withoutGradients {
      let passes = Double(settings.scales.count * (settings.mirror ? 2 : 1))
      let best = (summedProbabilities(of: image, at: image.size) * (1 / passes)).largest(1, along: 1)
      let confidence = best.values * 255 + 0.5
      let plane = [image.height, image.width]
      return (LabelMap(classes: best.indices.reshaped(plane)), LabelMap(classes: confidence.reshaped(plane)))
    }
  }

  /// Shapes: -> [1, C, H, W], summed over scales and mirrorings.
  private func summedProbabilities(of image: RGBImage, at size: PixelSize) -> Tensor {
    var sum: Tensor?
    for scale in settings.scales {
      for mirrored in settings.mirror ? [false, true] : [false] {
        let probabilities = logits(of: image, scale: scale, mirrored: mirrored, softmax: true, at: size)
        sum = sum.map { $0 + probabilities } ?? probabilities
      }
    }
    guard let sum else { fatalError("a prediction needs a scale") }
    return sum
  }

  private func logits(
    of image: RGBImage, scale: Double, mirrored: Bool, softmax: Bool = false, at size: PixelSize
  ) -> Tensor {
    let target = inputSize(of: image.size, scale: scale)
    let resized = target == image.size ? image : image.resizedBicubic(to: target)
    let input = network.input([mirrored ? resized.mirrored() : resized])
    var logits = network(input, settings.mode).logits
    if mirrored { logits = logits.flipped(along: 3) }
    if softmax { logits = logits.softmax(1) }
    guard logits.shape[2] != size.height || logits.shape[3] != size.width else { return logits }
    return logits.resizedBilinear(height: size.height, width: size.width)
  }
}
