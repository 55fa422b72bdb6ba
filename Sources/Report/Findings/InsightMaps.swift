// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import Torch

/// Where the method trusts the source network's label of a pixel, and where prototypes agree with it.
struct InsightMaps {
  /// The importance of each pixel, from dark (0) to bright (1); nil where all pixels count alike.
  let importance: RGBImage?
  let meanImportance: Double
  /// Where the nearest prototype is of the pseudo-label's class, and where not.
  let agreement: RGBImage
  /// The share of the pixels where it is.
  let agreeing: Double

  static let agreeColour: [UInt8] = [38, 130, 142]
  static let differColour: [UInt8] = [253, 174, 97]

  /// - `size`: the network's input size.
  /// - `shown`: the size of the maps.
  ///
  /// The averaged teacher is not kept with a run's weights, so that prototypes are made of the adapted
  /// network's own features and labels of the image.
  init(
    _ image: RGBImage, source: any Segmenter, adapted: any Segmenter, _ settings: IAPCSettings,
    _ size: PixelSize, shown: PixelSize
  ) {
    let input = image.resizedBicubic(to: size)
    let found = withoutGradients { () -> (importance: [Float]?, agreeing: [Float]) in
      func brought(_ scores: Tensor) -> Tensor {
        scores.resizedBilinear(height: shown.height, width: shown.width)
      }
      let before = brought(source(source.input([input]), .evaluation).logits)
      let after = adapted(adapted.input([input]), .evaluation)
      var prototypes = Prototypes(.perImage, classCount: adapted.classCount, decay: 0)
      let means = prototypes.update(Prediction(logits: brought(after.logits), features: after.features))
      let nearest = similarities(after.features, means, settings.prototypeLayout).argmax(1)
      let grid = nearest.reshaped([1] + nearest.shape).to(.float32)
      let labels = before.argmax(1).to(.float32)
      let same = grid.resizedNearest(height: shown.height, width: shown.width).reshaped(labels.shape)
        .equals(labels).to(.float32)
      let importance = importanceMap(before, settings.importance)
      return (importance.map { $0.to(.float32, on: .cpu).scalars() }, same.to(.float32, on: .cpu).scalars())
    }
    let count = Float(max(1, shown.area))
    importance = found.importance.map { values in
      RGBImage(size: shown, pixels: values.flatMap { Ramp.colour(Double($0)) })
    }
    meanImportance = Double((found.importance ?? []).reduce(0, +) / count)
    agreement = RGBImage(
      size: shown, pixels: found.agreeing.flatMap { $0 > 0.5 ? Self.agreeColour : Self.differColour })
    agreeing = Double(found.agreeing.reduce(0, +) / count)
  }
}

/// Colours for numbers between 0 and 1, which grow evenly brighter: viridis' at five places.
enum Ramp {
  private static let stops: [[Double]] = [
    [68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37],
  ]

  static func colour(_ value: Double) -> [UInt8] {
    let place = (value.isNaN ? 0 : min(1, max(0, value))) * Double(stops.count - 1)
    let below = min(stops.count - 2, Int(place))
    let share = place - Double(below)
    return (0..<3).map { UInt8((stops[below][$0] * (1 - share) + stops[below + 1][$0] * share).rounded()) }
  }

  static var css: String {
    "linear-gradient(to right, "
      + stops.map { "rgb(\(Int($0[0])),\(Int($0[1])),\(Int($0[2])))" }.joined(separator: ", ") + ")"
  }
}
