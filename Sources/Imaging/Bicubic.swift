// SPDX-License-Identifier: Apache-2.0

import CImage

extension RGBImage {
  /// The picture at another size by antialiased bicubic resampling, as Pillow 13's `BICUBIC`.
  ///
  /// The two passes, along the rows and down the columns, each round to 8 bits. A pass that would keep its
  /// length is left out. As in Pillow 13 the columns come first where the height loses more than twice as
  /// many pixels as the width; older Pillows always begin with the rows, and differ there by rounding.
  ///
  /// - `crop`: The part of the result that is wanted, computed alone; all of it where nil.
  public func resizedBicubic(to target: PixelSize, crop: PixelRect? = nil) -> RGBImage {
    let rect = (crop ?? target.bounds).checked(in: target)
    if target == size { return crop == nil ? self : cropped(to: rect) }
    let columns = rect.x..<rect.x + rect.size.width
    let rows = rect.y..<rect.y + rect.size.height
    let along = ResamplingWeights(from: width, to: target.width, columns)
    let down = ResamplingWeights(from: height, to: target.height, rows)
    guard target.width != width else { return resampledDown(down, columns: columns, firstRow: 0) }
    guard target.height != height else { return resampledAlong(along, rows: rows, firstColumn: 0) }
    if target.height < height, height - target.height > 2 * (width - target.width) {
      return resampledDown(down, columns: along.sources, firstRow: 0)
        .resampledAlong(along, rows: 0..<rows.count, firstColumn: along.sources.lowerBound)
    }
    return resampledAlong(along, rows: down.sources, firstColumn: 0)
      .resampledDown(down, columns: 0..<columns.count, firstRow: down.sources.lowerBound)
  }

  /// The rows given, resampled along their length. The first column is `firstColumn` to the weights.
  private func resampledAlong(_ along: ResamplingWeights, rows: Range<Int>, firstColumn: Int) -> RGBImage {
    let result = PixelSize(width: along.starts.count, height: rows.count)
    let bytes = filledRows(result, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        along.withPass { pass in
          let first = 3 * (rows.lowerBound * width + along.sources.lowerBound - firstColumn)
          let isDone = ci_resample_along(
            source.baseAddress! + first, 3 * width, rows.count, along.sources.count, pass, out.baseAddress!)
          guard isDone != 0 else { fatalError("no memory to resample a picture of \(size)") }
        }
      }
    }
    return RGBImage(size: result, pixels: bytes)
  }

  /// The columns given, resampled down their length. The first row is `firstRow` to the weights.
  private func resampledDown(_ down: ResamplingWeights, columns: Range<Int>, firstRow: Int) -> RGBImage {
    let result = PixelSize(width: columns.count, height: down.starts.count)
    let bytes = filledRows(result, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        down.withPass { pass in
          let first = 3 * ((down.sources.lowerBound - firstRow) * width + columns.lowerBound)
          ci_resample_down(
            source.baseAddress! + first, 3 * width, 3 * columns.count, pass, out.baseAddress!)
        }
      }
    }
    return RGBImage(size: result, pixels: bytes)
  }
}

extension ResamplingWeights {
  fileprivate func withPass(_ body: (UnsafePointer<ci_resampling>) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeBufferPointer { weights in
        var pass = ci_resampling(
          starts: starts.baseAddress, weights: weights.baseAddress, taps: taps, count: starts.count,
          first: sources.lowerBound)
        body(&pass)
      }
    }
  }
}
