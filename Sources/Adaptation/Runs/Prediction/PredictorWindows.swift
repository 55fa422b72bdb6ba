// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// Source: the sliding window of MMSegmentation, which HRDA evaluates with.
extension Predictor {
  /// The windows of an input; nil where one covers it all or none are asked for.
  func windows(of input: PixelSize) -> [PixelRect]? {
    guard let tiling = settings.tiling else { return nil }
    let places = tiling.places(
      in: input, multiple: network.sizeMultiple, least: network.leastSide)
    return places.count > 1 ? places : nil
  }

  /// The mean of the windows' scores, or probabilities, at each pixel of the input.
  ///
  /// Shapes: normalised [1, 3, H, W] -> [1, C, H, W].
  /// - `places`: windows that stand in a grid and cover the input.
  package func tiledScores(of input: Tensor, at places: [PixelRect], softmax: Bool) -> Tensor {
    let shape = input.shape
    let shares = Shares(places, height: shape[2], width: shape[3], on: input.device)
    let sum = Tensor.zeros([1, network.classCount, shape[2], shape[3]], on: input.device)
    for place in places {
      let window = shares.weighed(scores(of: input, at: place, softmax: softmax), at: place)
      sum.add(window, row: place.y, column: place.x)
    }
    return sum
  }

  /// The class with the largest mean score at each pixel, of which only one row of windows is kept at a time.
  ///
  /// Shapes: normalised [1, 3, H, W] -> uint8 [1, H, W].
  /// - `places`: as above, rows from the top.
  package func tiledClasses(of input: Tensor, at places: [PixelRect]) -> Tensor {
    let shape = input.shape
    let shares = Shares(places, height: shape[2], width: shape[3], on: input.device)
    let (tops, height) = (Set(places.map(\.y)).sorted(), places[0].size.height)
    let empty = [1, network.classCount, height, shape[3]]
    var sum = Tensor.zeros(empty, on: input.device)
    var classes: [Tensor] = []
    for (index, top) in tops.enumerated() {
      for place in places where place.y == top {
        let window = shares.weighed(scores(of: input, at: place, softmax: false), at: place)
        sum.add(window, row: 0, column: place.x)
      }
      // Rows above the next windows' top are done; those below go on into its sum.
      let done = (index + 1 < tops.count ? tops[index + 1] : shape[2]) - top
      classes.append(
        WinningClasses(
          of: [sum.slice(0..<done, along: 2)], height: done, width: shape[3],
          alignCorners: settings.alignCorners
        ).classes)
      let rest = done < height ? sum.slice(done..<height, along: 2) : nil
      sum = Tensor.zeros(empty, on: input.device)
      if let rest { sum.add(rest, row: 0, column: 0) }
    }
    return Tensor.concatenated(classes, along: 0).reshaped(1, shape[2], shape[3])
  }

  /// Shapes: normalised [1, 3, H, W] -> [1, C, h, w] of the window.
  private func scores(of input: Tensor, at place: PixelRect, softmax: Bool) -> Tensor {
    let window = input.slice(place.rows, along: 2).slice(place.columns, along: 3).contiguous()
    let scores = resized(logits(window), to: place.size)
    return softmax ? scores.softmax(1) : scores
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
    rows = Tensor(shares(Set(places.map(\.rows)), height), shape: [1, 1, height, 1]).to(device)
    columns = Tensor(shares(Set(places.map(\.columns)), width), shape: [1, 1, 1, width]).to(device)
  }

  func weighed(_ scores: Tensor, at place: PixelRect) -> Tensor {
    scores * (rows.slice(place.rows, along: 2) * columns.slice(place.columns, along: 3))
  }
}

extension PixelRect {
  fileprivate var rows: Range<Int> { y..<y + size.height }
  fileprivate var columns: Range<Int> { x..<x + size.width }
}
