// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Random tensors")
struct RandomTests {
  @Test("a seed gives the same numbers, another seed others")
  func seeds() {
    let first = TensorGenerator(seed: 7).normal([50])
    assertClose(TensorGenerator(seed: 7).normal([50]), first, relative: 0, absolute: 0)
    #expect(!truths(TensorGenerator(seed: 8).normal([50]).equals(first)).contains(true))
  }

  @Test("the numbers are those of PyTorch's generator")
  func knownNumbers() {
    // torch.rand(3, generator=torch.Generator().manual_seed(0)) and the same of randn.
    assertClose(TensorGenerator(seed: 0).uniform([3]), floats([0.4962566, 0.7682218, 0.08847743], 3))
    assertClose(TensorGenerator(seed: 0).normal([3]), floats([1.5409961, -0.2934289, -2.1787894], 3))
  }

  @Test("the state continues the sequence exactly, in the same and in another generator")
  func state() {
    let generator = TensorGenerator(seed: 3)
    _ = generator.normal([5])
    let state = generator.state.copy()
    let next = [generator.normal([7]), generator.uniform([20])]
    let other = TensorGenerator(seed: 99)
    for restored in [generator, other] {
      restored.state = Tensor(state.stored)
      assertClose(restored.normal([7]), next[0], relative: 0, absolute: 0)
      assertClose(restored.uniform([20]), next[1], relative: 0, absolute: 0)
    }
  }

  @Test("a state that was read does not move with the generator")
  func stateIsACopy() {
    let generator = TensorGenerator(seed: 3)
    let state = generator.state
    let before = state.stored
    _ = generator.normal([1000])
    #expect(state.stored == before)
    #expect(generator.state.stored != before)
  }

  @Test("bounds, means and deviations are as asked")
  func distributions() {
    let generator = TensorGenerator(seed: 1)
    let uniform = generator.uniform([4000], from: -2, to: 4)
    #expect(!truths(uniform.isLess(than: -2)).contains(true))
    #expect(!truths(uniform.isLess(than: 4)).contains(false))
    assertClose(uniform.mean(), [1], absolute: 0.1)
    let normal = generator.normal([4000], deviation: 3)
    assertClose(normal.mean(), [0], absolute: 0.15)
    assertClose((normal * normal).mean().squareRoot(), [3], absolute: 0.1)
  }
}
