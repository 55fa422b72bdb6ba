// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Layers of transformers")
struct AttentionTests {
  @Test("give PyTorch's values and gradients")
  func fixtures() throws {
    try OperationFixture(name: "linear").check("input", "weight", "bias") {
      $0[0].linear($0[1], bias: $0[2])
    }
    try OperationFixture(name: "linear-plain").check("input", "weight") { $0[0].linear($0[1]) }
    try OperationFixture(name: "layer-norm").check("input", "weight", "bias") {
      $0[0].layerNormalized($0[1], bias: $0[2], epsilon: 1e-3)
    }
    try OperationFixture(name: "gelu").check("input") { $0[0].gelu() }
    try OperationFixture(name: "attention").check("query", "key", "value") {
      $0[0].attending(to: $0[1], $0[2])
    }
  }

  @Test("declare their parameters, and compute in bfloat16 what goes into them so")
  func layers() throws {
    let store = ParameterStore(seed: 3)
    let (linear, norm) = (Linear(Scope(store) / "a", 4, 3), LayerNorm(Scope(store) / "b", 3))
    #expect(store.entries.map(\.name) == ["a.weight", "a.bias", "b.weight", "b.bias"])
    let x = TensorGenerator(seed: 1).normal([2, 5, 4])
    let (full, half) = (norm(linear(x)), norm(linear(x.to(.bfloat16))))
    #expect(half.dtype == .bfloat16 && half.shape == [2, 5, 3])
    assertClose(half.to(.float32), full.detached().stored, relative: 0.05, absolute: 0.05)
    #expect(abs(full.detached().mean(2).norm().item) < 1e-5)
  }
}
