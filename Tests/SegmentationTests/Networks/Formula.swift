// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// Values that need no file: for the entry NAME with h = (sum of NAME's ASCII codes) mod 97, s_k = sin(0.7 k +
/// h). 4-D weights are `s_k sqrt(2 / fan-in)`, running variances `1 + (1 + s_k) / 4`, the weights of
/// normalisations `1 + s_k / 10`, all else `s_k / 10`.
func formula(_ store: ParameterStore) -> [(name: String, tensor: StoredTensor)] {
  store.entries.map { entry in
    let (name, shape) = (entry.name, entry.tensor.shape)
    guard entry.tensor.dtype == .float32 else { return (name, entry.tensor.stored) }
    let shift = Double(name.utf8.reduce(0) { $0 + Int($1) } % 97)
    let fan = (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
    let (rank, isVariance) = (shape.count, name.hasSuffix("running_var"))
    let isScale = rank == 1 && name.hasSuffix(".weight")
    let tensor = Tensor.filled(shape) { (buffer: UnsafeMutableBufferPointer<Float>) in
      for k in buffer.indices {
        let s = sin(0.7 * Double(k) + shift)
        let value =
          if rank == 4 { s * fan } else if isVariance { 1 + 0.25 * (1 + s) } else if isScale {
            1 + 0.1 * s
          } else { 0.1 * s }
        buffer[k] = Float(value)
      }
    }
    return (name, tensor.stored)
  }
}

/// A batch of one image, `60 sin(0.01 k)` in row-major order. Shapes: [1, 3, height, width].
func formulaImages(width: Int, height: Int) -> Tensor {
  Tensor.filled([1, 3, height, width]) { (buffer: UnsafeMutableBufferPointer<Float>) in
    for k in buffer.indices { buffer[k] = Float(60 * sin(0.01 * Double(k))) }
  }
}
