// SPDX-License-Identifier: Apache-2.0

import Foundation

extension RGBImage {
  /// The picture smoothed by a Gaussian of a standard deviation in pixels; beyond its edge it goes on
  /// mirrored about the outermost pixels.
  ///
  /// The kernel reaches to four deviations and sums to 1; both passes are in single precision, the result is
  /// rounded once.
  public func blurred(deviation: Double) -> RGBImage {
    guard deviation > 0, size.area > 0 else { return self }
    let kernel = gaussian(deviation)
    let reach = kernel.count / 2
    let rowBytes = 3 * width
    let line = UnsafeMutableBufferPointer<Float>.allocate(capacity: rowBytes + 6 * reach)
    let sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: rowBytes)
    defer {
      line.deallocate()
      sums.deallocate()
    }
    let result = filledRows(size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let middle = UnsafeMutableBufferPointer(rebasing: line[3 * reach..<3 * reach + rowBytes])
          middle.update(repeating: 0)
          for (k, weight) in kernel.enumerated() {
            let from = rowBytes * reflected(y + k - reach, height)
            for i in 0..<rowBytes { middle[i] += weight * Float(source[from + i]) }
          }
          extendRow(line, reach, width)
          sums.update(repeating: 0)
          for (k, weight) in kernel.enumerated() {
            for i in 0..<rowBytes { sums[i] += weight * line[3 * k + i] }
          }
          for i in 0..<rowBytes { out[y * rowBytes + i] = UInt8(max(0, min(255, sums[i] + 0.5))) }
        }
      }
    }
    return RGBImage(size: size, pixels: result)
  }
}

/// The weights of a Gaussian at whole distances, up to four deviations to either side.
private func gaussian(_ deviation: Double) -> [Float] {
  let reach = Int((4 * deviation).rounded(.up))
  let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
  let sum = weights.reduce(0, +)
  return weights.map { Float($0 / sum) }
}

/// A place beyond 0 ..< count, mirrored about the outermost places until it lies within.
private func reflected(_ place: Int, _ count: Int) -> Int {
  guard count > 1 else { return 0 }
  let period = 2 * (count - 1)
  let turned = ((place % period) + period) % period
  return min(turned, period - turned)
}

/// Fills the `reach` pixels to either side of a row of `width` pixels.
private func extendRow(_ line: UnsafeMutableBufferPointer<Float>, _ reach: Int, _ width: Int) {
  for x in Array(-reach..<0) + Array(width..<width + reach) {
    let (to, from) = (3 * (x + reach), 3 * (reflected(x, width) + reach))
    for channel in 0..<3 { line[to + channel] = line[from + channel] }
  }
}
