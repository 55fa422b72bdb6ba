// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Shapes")
struct ShapeTests {
  private let x = floats([1, 2, 3, 4, 5, 6], 2, 3)

  @Test("reshaping keeps the order, permuting changes it")
  func reshaping() {
    assertClose(x.reshaped(3, 2), floats([1, 2, 3, 4, 5, 6], 3, 2))
    assertClose(x.reshaped([1, -1]), floats([1, 2, 3, 4, 5, 6], 1, 6))
    assertClose(x.permuted(1, 0), floats([1, 4, 2, 5, 3, 6], 3, 2))
    assertClose(x.reshaped(1, 2, 3).permuted(2, 0, 1), floats([1, 4, 2, 5, 3, 6], 3, 1, 2))
  }

  @Test("slices, mirrors and joins")
  func cutting() {
    assertClose(x.slice(1..<3, along: 1), floats([2, 3, 5, 6], 2, 2))
    assertClose(x.slice(1..<1, along: 0), Tensor.zeros([0, 3]))
    assertClose(x.flipped(along: 1), floats([3, 2, 1, 6, 5, 4], 2, 3))
    assertClose(x.flipped(along: 0), floats([4, 5, 6, 1, 2, 3], 2, 3))
    let joined = Tensor.concatenated([x, x.slice(0..<1, along: 1)], along: 1)
    assertClose(joined, floats([1, 2, 3, 1, 4, 5, 6, 4], 2, 4))
  }

  @Test("choosing by indices")
  func choosing() {
    assertClose(x.selecting(integers([2, 0, 2], 3), along: 1), floats([3, 1, 3, 6, 4, 6], 2, 3))
    assertClose(x.gathering(integers([2, 0], 2, 1), along: 1), floats([3, 4], 2, 1))
    assertClose(integers([1, 0, 255, -1], 4).oneHot(classes: 2), floats([0, 1, 1, 0, 0, 0, 0, 0], 4, 2))
    #expect(integers([1, 0], 1, 2).oneHot(classes: 3).shape == [1, 2, 3])
  }

  @Test("matrix products, also in batches")
  func products() {
    assertClose(x.matmul(floats([1, 0, 0, 1, 1, 1], 3, 2)), floats([4, 5, 10, 11], 2, 2))
    let batch = Tensor.concatenated([x.reshaped(1, 2, 3), x.reshaped(1, 2, 3) * 2], along: 0)
    assertClose(batch.matmul(floats([1, 1, 1], 3, 1)), floats([6, 15, 12, 30], 2, 2, 1))
  }

  @Test("a slice shares memory and a copy does not")
  func sharing() {
    let base = floats([1, 2, 3], 3)
    let (view, copy) = (base.slice(0..<2, along: 0), base.copy())
    base.withMemory(of: Float.self) { $0[0] = 9 }
    assertClose(view, floats([9, 2], 2))
    assertClose(copy, floats([1, 2, 3], 3))
  }

  @Test("memory layouts change no element")
  func layouts() {
    let image = Tensor.range(24, dtype: .float32).reshaped(2, 3, 2, 2)
    assertClose(image.channelsLast(), image, relative: 0, absolute: 0)
    assertClose(image.channelsLast().contiguous(), image, relative: 0, absolute: 0)
    let first = image.permuted(0, 2, 3, 1).contiguous()
    #expect(first.withMemory(of: Float.self) { Array($0.prefix(3)) } == [0, 4, 8])
  }

  @Test("conversions keep the values and round towards zero")
  func conversions() {
    assertClose(floats([1.9, -1.9], 2).to(.int64), integers([1, -1], 2))
    #expect(x.to(.float64).dtype == .float64)
    #expect(x.to(.cpu).device == .cpu)
    assertClose(x.to(.float64, on: .cpu).to(.float32), x, relative: 0, absolute: 0)
  }
}
