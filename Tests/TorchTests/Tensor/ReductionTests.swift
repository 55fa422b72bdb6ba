// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Reductions")
struct ReductionTests {
  private let x = floats([1, 2, 3, 4, 5, 6], 2, 3)

  @Test("sums over all, one and several axes")
  func sums() {
    assertClose(x.sum(), [21], shape: [])
    assertClose(x.sum(0), [5, 7, 9], shape: [3])
    assertClose(x.sum(-1), [6, 15], shape: [2])
    assertClose(x.sum(0, 1), [21], shape: [])
    assertClose(x.sum(1, keepingAxes: true), [6, 15], shape: [2, 1])
    #expect(x.isLess(than: 3).sum().item == 2, "true counts one")
  }

  @Test("means and norms over all, one and several axes")
  func meansAndNorms() {
    assertClose(x.mean(), [3.5], shape: [])
    assertClose(x.mean(0), [2.5, 3.5, 4.5], shape: [3])
    assertClose(x.mean(1, keepingAxes: true), [2, 5], shape: [2, 1])
    assertClose(x.norm(), [(91.0).squareRoot()], shape: [])
    assertClose(x.norm(1), [(14.0).squareRoot(), (77.0).squareRoot()], shape: [2])
    assertClose(floats([3, 4], 1, 2, 1).norm(1, keepingAxes: true), [5], shape: [1, 1, 1])
  }

  @Test("no axes mean all of them, and all are kept on request")
  func keepingAll() {
    assertClose(x.sum(keepingAxes: true), [21], shape: [1, 1])
    assertClose(x.mean(keepingAxes: true), [3.5], shape: [1, 1])
    assertClose(x.norm(keepingAxes: true), [(91.0).squareRoot()], shape: [1, 1])
  }

  @Test("the largest elements and their places are PyTorch's")
  func largest() throws {
    let fixture = OperationFixture(name: "top-two")
    let input = try fixture.tensor("input")
    let top = input.largest(2, along: 1)
    assertClose(top.values, try fixture.stored("values"), relative: 0, absolute: 0)
    assertClose(top.indices, try fixture.stored("indices"))
    assertClose(input.argmax(1), try fixture.stored("argmax"))
  }

  @Test("the first of equal elements is the largest")
  func ties() {
    assertClose(floats([2, 7, 7, 1, 1, 1], 2, 3).argmax(1), integers([1, 0], 2))
  }

  @Test("a histogram counts every bin, also of 8-bit numbers and of none")
  func histogram() {
    assertClose(integers([3, 0, 3, 1], 2, 2).histogram(bins: 5), integers([1, 1, 0, 2, 0], 5))
    assertClose(Tensor([2, 2] as [UInt8], shape: [2]).histogram(bins: 3), integers([0, 0, 2], 3))
    assertClose(integers([], 0).histogram(bins: 2), integers([0, 0], 2))
  }
}
