// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("A step down the gradient of a loss")
struct MinimizingTests {
  private func made() -> (trained: Trained, sgd: SGD) {
    let trained = Trained()
    let entries = [trained.parameter("p", floats([1, 4], 2)), trained.parameter("q", floats([2], 1))]
    let sgd = SGD(
      [ParameterGroup("x", [entries[0]], updates: 3), ParameterGroup("y", [entries[1]])],
      .init(momentum: 0, weightDecay: 0, nesterov: false))
    return (trained, sgd)
  }

  @Test("moves the parameters and tells the norm over all of them, each counted once")
  func norm() throws {
    let (trained, sgd) = made()
    let (p, q) = (trained.store["p"]!.tensor, trained.store["q"]!.tensor)
    let loss = (p * floats([3, 4], 2)).sum() + (q * floats([12], 1)).sum()
    let (norm, isApplied) = sgd.minimize(loss, learningRate: 0.1)
    #expect(isApplied && abs(norm - 13) < 1e-5)
    assertClose(try trained.value("p"), floats([1 - 0.9, 4 - 1.2], 2))
    assertClose(try trained.value("q"), floats([2 - 1.2], 1))
    #expect(sgd.gradientNorm == 0)
  }

  @Test("is not taken where the gradient is no number though the loss is one, nor where the loss is none")
  func notFinite() throws {
    let (trained, sgd) = made()
    let p = trained.store["p"]!.tensor
    // The root of 0 is 0, its slope is infinite.
    let root = (p - floats([1, 0], 2)).squareRoot().sum()
    #expect(root.item.isFinite)
    let (norm, isApplied) = sgd.minimize(root, learningRate: 0.1)
    #expect(!isApplied && !norm.isFinite)
    #expect(!sgd.minimize((p * floats([.nan, 1], 2)).sum(), learningRate: 0.1).isApplied)
    #expect(!sgd.minimize(p.sum() + Tensor.full(.infinity, []), learningRate: 0.1).isApplied)
    assertClose(try trained.value("p"), floats([1, 4], 2), relative: 0, absolute: 0)
    #expect(sgd.state.isEmpty)
    // What such a step left would be added to the next one's.
    #expect(sgd.minimize((p * floats([3, 4], 2)).sum(), learningRate: 0).gradientNorm == 5)
  }

  @Test("what a training pass moved goes back")
  func buffers() {
    let store = ParameterStore(seed: 3)
    let norm = BatchNorm(Scope(store) / "norm", 2, countsBatches: true)
    let x = TensorGenerator(seed: 1).normal([2, 2, 3, 3])
    _ = norm(x, .training)
    let before = store.state.map(\.tensor)
    let copy = BufferCopy(of: store)
    _ = norm(x + 5, .training)
    #expect(store.state.map(\.tensor) != before)
    copy.restore()
    #expect(store.state.map(\.tensor) == before)
  }
}
