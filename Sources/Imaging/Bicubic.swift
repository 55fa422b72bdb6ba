// SPDX-License-Identifier: Apache-2.0

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
    let columns = along.starts.count
    let result = PixelSize(width: columns, height: rows.count)
    let bytes = filledRows(result, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        along.weights.withUnsafeBufferPointer { weights in
          along.starts.withUnsafeBufferPointer { starts in
            for y in 0..<rows.count {
              let line = source.baseAddress! + 3 * ((rows.lowerBound + y) * width - firstColumn)
              let to = out.baseAddress! + 3 * y * columns
              resampleRow(line, starts, weights.baseAddress!, along.taps, into: to)
            }
          }
        }
      }
    }
    return RGBImage(size: result, pixels: bytes)
  }

  /// The columns given, resampled down their length. The first row is `firstRow` to the weights.
  private func resampledDown(_ down: ResamplingWeights, columns: Range<Int>, firstRow: Int) -> RGBImage {
    let result = PixelSize(width: columns.count, height: down.starts.count)
    let rowBytes = 3 * columns.count
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: rowBytes)
    defer { sums.deallocate() }
    let bytes = filledRows(result, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        down.weights.withUnsafeBufferPointer { weights in
          for y in 0..<result.height {
            let first = source.baseAddress! + 3 * ((down.starts[y] - firstRow) * width + columns.lowerBound)
            let mine = UnsafeBufferPointer(rebasing: weights[y * down.taps..<(y + 1) * down.taps])
            addRows(first, pitch: 3 * width, mine, sums, rowBytes)
            let to = out.baseAddress! + y * rowBytes
            for i in 0..<rowBytes { to[i] = rounded(sums[i]) }
          }
        }
      }
    }
    return RGBImage(size: result, pixels: bytes)
  }
}

private let half = Int32(1) << (ResamplingWeights.precision - 1)

@inline(__always)
private func rounded(_ sum: Int32) -> UInt8 {
  UInt8(truncatingIfNeeded: max(0, min(255, sum >> ResamplingWeights.precision)))
}

/// One row of RGB pixels along its length.
private func resampleRow(
  _ line: UnsafePointer<UInt8>, _ starts: UnsafeBufferPointer<Int>, _ weights: UnsafePointer<Int32>,
  _ taps: Int, into out: UnsafeMutablePointer<UInt8>
) {
  for x in 0..<starts.count {
    let from = line + 3 * starts[x]
    let mine = weights + x * taps
    var (red, green, blue) = (half, half, half)
    for tap in 0..<taps {
      let weight = mine[tap]
      red &+= Int32(from[3 * tap]) &* weight
      green &+= Int32(from[3 * tap + 1]) &* weight
      blue &+= Int32(from[3 * tap + 2]) &* weight
    }
    (out[3 * x], out[3 * x + 1], out[3 * x + 2]) = (rounded(red), rounded(green), rounded(blue))
  }
}

/// The weighted sums of rows of bytes that lie `pitch` bytes apart.
private func addRows(
  _ first: UnsafePointer<UInt8>, pitch: Int, _ weights: UnsafeBufferPointer<Int32>,
  _ sums: UnsafeMutablePointer<Int32>, _ count: Int
) {
  for i in 0..<count { sums[i] = half }
  for (tap, weight) in weights.enumerated() where weight != 0 {
    let line = first + tap * pitch
    for i in 0..<count { sums[i] &+= Int32(line[i]) &* weight }
  }
}
