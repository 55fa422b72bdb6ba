// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("A sum of dilated convolutions")
struct DilatedSumTests {
  @Test(
    "result and gradients are those of the convolutions one by one", arguments: [[6, 12], [1, 2, 3, 30]])
  func gradients(dilations: [Int]) throws {
    let store = ParameterStore(seed: 4)
    let branches = dilations.map { d in
      Convolution(
        Scope(store) / "d\(d)", 6, 5, kernel: 3, Window(padding: d, dilation: d), bias: true)
    }
    let random = TensorGenerator(seed: 5)
    let x = random.normal([2, 6, 9, 14])
    let copy = x + 0
    x.requiresGradient = true
    copy.requiresGradient = true
    let written = branches.dropFirst().reduce(branches[0](copy)) { $0 + $1(copy) }
    let probe = random.normal(written.shape)
    (written * probe).sum().backward()
    let expected = try store.trainable.map { try #require($0.tensor.gradient) + 0 }
    store.clearGradients()

    let sum = DilatedSum(branches)
    let found = sum(x)
    assertClose(found, written.detached(), relative: 1e-5, absolute: 1e-5)
    assertClose(withoutGradients { sum(x) }, written.detached(), relative: 1e-5, absolute: 1e-5)
    (found * probe).sum().backward()
    assertClose(try #require(x.gradient), try #require(copy.gradient), relative: 1e-5, absolute: 1e-5)
    for (entry, gradient) in zip(store.trainable, expected) {
      assertClose(
        try #require(entry.tensor.gradient), gradient, relative: 1e-5, absolute: 1e-4, entry.name)
    }
  }
}
