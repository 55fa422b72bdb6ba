// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

@Suite("Arithmetic")
struct ArithmeticTests {
  private let x = floats([1, -2, 3, 0.5], 2, 2)
  private let y = floats([4, 5, -8, 2], 2, 2)

  @Test("tensors with tensors")
  func binary() {
    assertClose(x + y, floats([5, 3, -5, 2.5], 2, 2))
    assertClose(x - y, floats([-3, -7, 11, -1.5], 2, 2))
    assertClose(x * y, floats([4, -10, -24, 1], 2, 2))
    assertClose(x / y, floats([0.25, -0.4, -0.375, 0.25], 2, 2))
    assertClose(x + floats([10, 20], 2), floats([11, 18, 13, 20.5], 2, 2), "a row is spread over rows")
  }

  @Test("tensors with numbers, on either side")
  func numbers() {
    assertClose(x + 1, floats([2, -1, 4, 1.5], 2, 2))
    assertClose(1 + x, floats([2, -1, 4, 1.5], 2, 2))
    assertClose(x - 1, floats([0, -3, 2, -0.5], 2, 2))
    assertClose(1 - x, floats([0, 3, -2, 0.5], 2, 2))
    assertClose(x * 2, floats([2, -4, 6, 1], 2, 2))
    assertClose(2 * x, floats([2, -4, 6, 1], 2, 2))
    assertClose(x / 4, floats([0.25, -0.5, 0.75, 0.125], 2, 2))
    assertClose(-x, floats([-1, 2, -3, -0.5], 2, 2))
    assertClose(integers([1, 2], 2) * 0.5, floats([0.5, 1], 2), "whole numbers become float32")
  }

  @Test("functions")
  func functions() {
    let positive = floats([0.25, 1, 9], 3)
    assertClose(positive.exp(), [0.25, 1, 9].map { Foundation.exp($0) }, shape: [3])
    assertClose(positive.log(), [0.25, 1, 9].map { Foundation.log($0) }, shape: [3])
    assertClose(positive.squareRoot(), floats([0.5, 1, 3], 3))
    assertClose(x.clamped(from: 0.75), floats([1, 0.75, 3, 0.75], 2, 2))
  }

  @Test("comparisons give booleans, and masks choose")
  func masks() {
    #expect(x.equals(floats([1, 0, 3, 0], 2, 2)).dtype == .bool)
    #expect(truths(x.equals(floats([1, 0, 3, 0], 2, 2))) == [true, false, true, false])
    #expect(truths(x.equals(-2)) == [false, true, false, false])
    #expect(truths(x.isLess(than: 1)) == [false, true, false, true])
    let (a, b) = (x.isLess(than: 1), y.isLess(than: 4.5))
    #expect(truths(a.not()) == [true, false, true, false])
    #expect(truths(a.and(b)) == [false, false, false, true])
    assertClose(x.replaced(where: a, with: 7), floats([1, 7, 3, 7], 2, 2))
  }

  @Test("infinities and values that are no numbers are found")
  func finite() {
    #expect(x.isFinite)
    #expect(!floats([1, .nan], 2).isFinite)
    #expect(!floats([-.infinity, 1], 2).isFinite)
    #expect(Tensor.zeros([0]).isFinite)
    #expect(integers([1], 1).isFinite)
  }
}
