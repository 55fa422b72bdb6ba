// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Gradients")
struct GradientTests {
  private func leaf(_ values: [Float]) -> Tensor {
    let leaf = Tensor(values, shape: [values.count])
    leaf.requiresGradient = true
    return leaf
  }

  @Test("gradients add up until they are cleared")
  func accumulation() throws {
    let x = leaf([1, 2])
    #expect(x.gradient == nil)
    (x * x).sum().backward()
    assertClose(try #require(x.gradient), floats([2, 4], 2))
    (3 * x).sum().backward()
    assertClose(try #require(x.gradient), floats([5, 7], 2))
    x.clearGradient()
    #expect(x.gradient == nil)
  }

  @Test("gradients start from several tensors at once, whose own are given")
  func severalRoots() throws {
    let (x, fixed) = (leaf([1, 2]), floats([5, 6], 2))
    let square = x * x
    Tensor.backward(from: [
      (square, floats([1, 10], 2)), (square * 3, floats([1, 0], 2)), (fixed, floats([7, 7], 2)),
    ])
    assertClose(try #require(x.gradient), floats([8, 40], 2))
    Tensor.backward(from: [(fixed, floats([1, 1], 2))])
    assertClose(try #require(x.gradient), floats([8, 40], 2))
  }

  @Test("a detached tensor is cut off from the graph and shares its elements")
  func detaching() throws {
    let x = leaf([1, 2])
    #expect((x * 2).requiresGradient)
    #expect(!(x * 2).detached().requiresGradient)
    (x * x.detached()).sum().backward()
    assertClose(try #require(x.gradient), floats([1, 2], 2))
    x.detached().withMemory(of: Float.self) { $0[0] = 5 }
    assertClose(x, floats([5, 2], 2))
  }

  @Test("nothing is recorded without gradients, and recording goes on afterwards")
  func withoutRecording() {
    let x = leaf([1])
    #expect(withoutGradients { !(x * 2).requiresGradient })
    #expect((x * 2).requiresGradient)
    withoutGradients {
      withoutGradients { #expect(!(x * 2).requiresGradient) }
      #expect(!(x * 2).requiresGradient, "the inner one gives back what it found")
    }
    #expect((x * 2).requiresGradient)
  }

  @Test("recording goes on after an error")
  func errorWithoutRecording() {
    struct Refused: Error {}
    let x = leaf([1])
    #expect(throws: Refused.self) { try withoutGradients { throw Refused() } }
    #expect((x * 2).requiresGradient)
  }

  @Test("elementwise gradients agree with finite differences")
  func elementwise() {
    let positive = floats([0.5, 1.25, 2, 3.5], 2, 2)
    let other = Tensor([2, -1, 0.5, 4] as [Double], shape: [2, 2])
    finiteDifferences(of: { $0 + other }, at: positive)
    finiteDifferences(of: { other - $0 }, at: positive)
    finiteDifferences(of: { $0 * other * $0 }, at: positive)
    finiteDifferences(of: { other / $0 }, at: positive)
    finiteDifferences(of: { 2 - $0 * 3 / 4 }, at: positive)
    finiteDifferences(of: { $0.exp() }, at: positive)
    finiteDifferences(of: { $0.log() }, at: positive)
    finiteDifferences(of: { $0.squareRoot() }, at: positive)
    finiteDifferences(of: { $0.clamped(from: 1) }, at: positive)
    finiteDifferences(of: { $0.replaced(where: $0.isLess(than: 1), with: 0) }, at: positive)
    finiteDifferences(of: { $0.to(.float64).copy().contiguous() }, at: positive)
  }

  @Test("gradients of reductions and shapes agree with finite differences")
  func reductions() {
    let x = TensorGenerator(seed: 2).normal([2, 3, 4])
    let weight = TensorGenerator(seed: 3).normal([4, 2]).to(.float64)
    finiteDifferences(of: { $0.sum(1) }, at: x)
    finiteDifferences(of: { $0.mean(0, 2, keepingAxes: true) }, at: x)
    finiteDifferences(of: { $0.norm(2) }, at: x)
    finiteDifferences(of: { $0.largest(2, along: 2).values }, at: x)
    finiteDifferences(of: { $0.reshaped(4, 6).permuted(1, 0) }, at: x)
    finiteDifferences(of: { $0.slice(1..<3, along: 1).flipped(along: 2) }, at: x)
    finiteDifferences(of: { Tensor.concatenated([$0, $0 * 2], along: 1) }, at: x)
    finiteDifferences(of: { $0.selecting(integers([1, 1, 0], 3), along: 1) }, at: x)
    finiteDifferences(of: { $0.gathering(integers([0, 3], 1, 1, 2), along: 2) }, at: x)
    finiteDifferences(of: { $0.matmul(weight) }, at: x)
  }

  @Test("gradients of image operations agree with finite differences")
  func images() {
    let random = TensorGenerator(seed: 6)
    let x = random.normal([2, 2, 4, 5])
    let weight = random.normal([3, 2, 3, 3]).to(.float64)
    let slopes = floats([0.25, 0.5], 2).to(.float64)
    finiteDifferences(of: { $0.conv2d(weight, Window(stride: 2, padding: 1)) }, at: x)
    finiteDifferences(of: { $0.prelu(slopes) }, at: x)
    finiteDifferences(of: { $0.softmax(1) }, at: x)
    finiteDifferences(of: { $0.logSoftmax(1) }, at: x)
    finiteDifferences(of: { $0.resizedBilinear(height: 7, width: 3) }, at: x)
    finiteDifferences(of: { $0.averagePooled(kernel: 3, Window(stride: 2, padding: 1)) }, at: x)
    finiteDifferences(of: { $0.channelsLast() * 2 }, at: x)
  }
}
