// SPDX-License-Identifier: Apache-2.0

/// A picture in linear light on its way through the camera.
struct Picture {
  let width: Int
  let height: Int
  var pixels: [V3]

  /// A gaussian blur of `sigma` pixels, by a separable kernel.
  mutating func blur(sigma: Float) {
    guard sigma > 0.15 else { return }
    let reach = max(1, min(24, Int((sigma * 2.6).rounded(.up))))
    var kernel = (-reach...reach).map { decay(-Float($0 * $0) / (2 * sigma * sigma)) }
    let total = kernel.reduce(0, +)
    for i in kernel.indices { kernel[i] /= total }
    pixels = convolved(kernel, stepX: 1, stepY: 0)
    pixels = convolved(kernel, stepX: 0, stepY: 1)
  }

  /// The picture convolved along one direction; the border goes on outside.
  private func convolved(_ kernel: [Float], stepX: Int, stepY: Int) -> [V3] {
    let reach = kernel.count / 2
    return [V3](unsafeUninitializedCapacity: pixels.count) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let row = y * width
          for x in 0..<width { out[row + x] = .zero }
          for (k, weight) in kernel.enumerated() {
            let sourceRow = max(0, min(height - 1, y + (k - reach) * stepY)) * width
            let shift = (k - reach) * stepX
            for x in 0..<width {
              out[row + x] += source[sourceRow + max(0, min(width - 1, x + shift))] * weight
            }
          }
        }
      }
      count = pixels.count
    }
  }

  /// The picture at a quarter of the size each way, each pixel a mean, put through `body`.
  func quartered(_ body: (V3) -> V3) -> Picture {
    let (w, h) = ((width + 3) / 4, (height + 3) / 4)
    var small = Picture(width: w, height: h, pixels: [V3](repeating: .zero, count: w * h))
    for y in 0..<h {
      for x in 0..<w {
        var sum = V3.zero
        for dy in 0..<4 {
          for dx in 0..<4 {
            sum += body(pixels[min(height - 1, 4 * y + dy) * width + min(width - 1, 4 * x + dx)])
          }
        }
        small.pixels[y * w + x] = sum / 16
      }
    }
    return small
  }

  /// The colour at a point of the picture, between pixels; the border goes on outside.
  @inline(__always) func sample(_ x: Float, _ y: Float) -> V3 {
    let (cx, cy) = (max(0, min(Float(width - 1), x)), max(0, min(Float(height - 1), y)))
    let (ix, iy) = (Int(cx), Int(cy))
    let (jx, jy) = (min(width - 1, ix + 1), min(height - 1, iy + 1))
    let (fx, fy) = (cx - Float(ix), cy - Float(iy))
    let top = mix(pixels[iy * width + ix], pixels[iy * width + jx], fx)
    return mix(top, mix(pixels[jy * width + ix], pixels[jy * width + jx], fx), fy)
  }
}
