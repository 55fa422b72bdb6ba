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
    let step = Double(network.sizeMultiple)
    func rounded(_ length: Int) -> Int {
      max(1, Int((Double(length) * scale / step).rounded())) * network.sizeMultiple
    }
    return PixelSize(width: rounded(base.width), height: rounded(base.height))
  }

  /// The winning class of each pixel, at `size` (the image's own by default).
  ///
  /// One pass compares scores; only several need probabilities, which are summed.
  public func labels(of image: RGBImage, at size: PixelSize? = nil) -> LabelMap {
    let size = size ?? image.size
    return withoutGradients {
      if settings.passes == 1 {
        let only = Pass(scale: settings.scales[0], mirrored: false, softmax: false)
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
    let places = settings.tiling?.places(in: target, multiple: network.sizeMultiple) ?? []
    var scores: Tensor
    if places.count > 1 {
      scores = tiledScores(of: input, at: places, softmax: pass.softmax)
    } else {
      scores = network(input, settings.mode).logits
    }
    if pass.mirrored { scores = scores.flipped(along: 3) }
    if pass.softmax, places.count <= 1 { scores = scores.softmax(1) }
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

  private func resized(_ scores: Tensor, to size: PixelSize) -> Tensor {
    let shape = scores.shape
    guard shape[2] != size.height || shape[3] != size.width else { return scores }
    return scores.resizedBilinear(
      height: size.height, width: size.width, alignCorners: settings.alignCorners)
  }

  /// The mean of the windows' scores, or probabilities, at each pixel of the input.
  ///
  /// Source: the sliding window of MMSegmentation, which HRDA evaluates with.
  /// - `places`: windows that cover the input.
  package func tiledScores(of input: Tensor, at places: [PixelRect], softmax: Bool) -> Tensor {
    let shape = input.shape
    let shares = Shares(places, height: shape[2], width: shape[3], on: input.device)
    let sum = Tensor.zeros([1, network.classCount, shape[2], shape[3]], on: input.device)
    for place in places {
      let (rows, columns) = (place.y..<place.y + place.size.height, place.x..<place.x + place.size.width)
      let window = input.slice(rows, along: 2).slice(columns, along: 3).contiguous()
      var scores = resized(network(window, settings.mode).logits, to: place.size)
      if softmax { scores = scores.softmax(1) }
      sum.add(scores * shares(rows, columns), row: place.y, column: place.x)
    }
    return sum
  }
}

/// What a window contributes to a pixel: one over the number of windows that see it.
private struct Shares {
  /// Shapes: [1, 1, H, 1] and [1, 1, 1, W]; windows stand in a grid, so the number is a product.
  private let rows, columns: Tensor

  init(_ places: [PixelRect], height: Int, width: Int, on device: Device) {
    func shares(_ ranges: Set<Range<Int>>, _ count: Int) -> [Float] {
      (0..<count).map { place in 1 / Float(ranges.filter { $0.contains(place) }.count) }
    }
    let y = Set(places.map { $0.y..<$0.y + $0.size.height })
    let x = Set(places.map { $0.x..<$0.x + $0.size.width })
    rows = Tensor(shares(y, height), shape: [1, 1, height, 1]).to(device)
    columns = Tensor(shares(x, width), shape: [1, 1, 1, width]).to(device)
  }

  func callAsFunction(_ y: Range<Int>, _ x: Range<Int>) -> Tensor {
    rows.slice(y, along: 2) * columns.slice(x, along: 3)
  }
}
