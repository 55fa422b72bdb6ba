// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Layers")
struct LayerTests {
  private let store = ParameterStore(seed: 5)

  private func entry(_ name: String) throws -> Tensor { try #require(store[name], "\(name)").tensor }

  /// Whether every value lies in the bound and some come near it.
  private func fills(_ tensor: Tensor, _ bound: Double) -> Bool {
    let largest = values(tensor.stored).map { abs($0) }.max() ?? 0
    return largest <= bound && largest > 0.9 * bound
  }

  @Test("a convolution declares its tensors, starts them as PyTorch does and computes")
  func convolution() throws {
    let layer = Convolution(Scope(store) / "c", 8, 16, kernel: 3, Window(padding: 1), bias: true)
    #expect(store.entries.map(\.name) == ["c.weight", "c.bias"])
    let (weight, bias) = (try entry("c.weight"), try entry("c.bias"))
    #expect(weight.shape == [16, 8, 3, 3] && bias.shape == [16])
    #expect(fills(weight, 1 / 72.0.root) && fills(bias, 1 / 72.0.root))
    let x = TensorGenerator(seed: 1).normal([1, 8, 5, 4])
    assertClose(layer(x), x.conv2d(weight, bias: bias, Window(padding: 1)), relative: 0, absolute: 0)
  }

  @Test("a convolution without bias declares none")
  func plainConvolution() {
    _ = Convolution(Scope(store) / "c", 2, 3, kernel: 1)
    #expect(store.entries.map(\.name) == ["c.weight"])
  }

  @Test("a transposed convolution declares its weight input first, as PyTorch does, and computes")
  func transposed() throws {
    let layer = TransposedConvolution(Scope(store) / "t", 8, 16, kernel: 2, Window(stride: 2))
    let weight = try entry("t.weight")
    #expect(weight.shape == [8, 16, 2, 2] && fills(weight, 1 / 64.0.root))
    let x = TensorGenerator(seed: 1).normal([1, 8, 3, 4])
    #expect(layer(x).shape == [1, 16, 6, 8])
    assertClose(layer(x), x.convTranspose2d(weight, Window(stride: 2)), relative: 0, absolute: 0)
  }
}

extension Double {
  fileprivate var root: Double { squareRoot() }
}
