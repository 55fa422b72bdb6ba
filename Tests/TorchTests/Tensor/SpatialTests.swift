// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

@Suite("Operations on images")
struct SpatialTests {
  @Test(
    "convolutions and their gradients are PyTorch's",
    arguments: [
      ("conv-strided", Window(stride: 2, padding: 1)), ("conv-dilated", Window(padding: 2, dilation: 2)),
      ("conv-point", Window()), ("conv-stem", Window(stride: 2, padding: 3)),
    ])
  func convolution(name: String, window: Window) throws {
    try OperationFixture(name: name).check("input", "weight") { $0[0].conv2d($0[1], window) }
  }

  @Test("a convolution with bias and its gradients are PyTorch's")
  func convolutionWithBias() throws {
    try OperationFixture(name: "conv-plain").check("input", "weight", "bias") {
      $0[0].conv2d($0[1], bias: $0[2], Window(padding: 1))
    }
  }

  @Test("transposed convolutions and their gradients are PyTorch's")
  func transposed() throws {
    try OperationFixture(name: "transposed").check("input", "weight") {
      $0[0].convTranspose2d($0[1], Window(stride: 2))
    }
    try OperationFixture(name: "transposed-bias").check("input", "weight", "bias") {
      $0[0].convTranspose2d($0[1], bias: $0[2], Window(stride: 2))
    }
  }

  @Test("groups keep channels apart")
  func groups() {
    let input = floats([1, 2, 3, 4], 1, 2, 1, 2)
    let weight = floats([10, 100], 2, 1, 1, 1)
    assertClose(input.conv2d(weight, Window(), groups: 2), floats([10, 20, 300, 400], 1, 2, 1, 2))
  }

  @Test("activations and their gradients are PyTorch's")
  func activations() throws {
    try OperationFixture(name: "prelu").check("input", "weight") { $0[0].prelu($0[1]) }
    try OperationFixture(name: "relu").check("input") { $0[0].relu() }
    try OperationFixture(name: "softmax").check("input") { $0[0].softmax(1) }
    try OperationFixture(name: "log-softmax").check("input") { $0[0].logSoftmax(1) }
  }

  @Test("pooling and its gradients are PyTorch's")
  func pooling() throws {
    let window = Window(stride: 2, padding: 1)
    try OperationFixture(name: "average-pool").check("input") { $0[0].averagePooled(kernel: 3, window) }
    try OperationFixture(name: "max-pool").check("input") { $0[0].maxPooled(kernel: 3, window) }
    try OperationFixture(name: "max-pool-ceil").check("input") {
      $0[0].maxPooled(kernel: 3, window, ceil: true)
    }
  }

  @Test("bilinear resizing and its gradients are PyTorch's")
  func bilinear() throws {
    try OperationFixture(name: "bilinear-aligned").check("input") {
      $0[0].resizedBilinear(height: 9, width: 13)
    }
    try OperationFixture(name: "bilinear-unaligned").check("input") {
      $0[0].resizedBilinear(height: 9, width: 13, alignCorners: false)
    }
    try OperationFixture(name: "bilinear-aligned-down").check("input") {
      $0[0].resizedBilinear(height: 3, width: 2)
    }
  }

  @Test("nearest resizing and its gradients are PyTorch's")
  func nearest() throws {
    try OperationFixture(name: "nearest").check("input") { $0[0].resizedNearest(height: 9, width: 13) }
    try OperationFixture(name: "nearest-down").check("input") { $0[0].resizedNearest(height: 5, width: 6) }
  }

  @Test("the negative log-likelihood is each pixel's own, weighed by its class, and 0 where ignored")
  func likelihood() {
    let scores = TensorGenerator(seed: 4).normal([2, 3, 2, 2])
    let logs = scores.logSoftmax(1)
    let targets: [Int64] = [0, 2, 255, 1, 1, 255, 0, 2]
    let target = integers(targets, 2, 2, 2)
    let numbers = logs.to(.float64).scalars(as: Double.self)
    let weights = [0.5, 2, 3]
    func expected(_ weights: [Double]) -> [Double] {
      targets.enumerated().map { i, label in
        let (image, pixel) = (i / 4, i % 4)
        return label == 255 ? 0 : -numbers[image * 12 + Int(label) * 4 + pixel] * weights[Int(label)]
      }
    }
    assertClose(
      logs.negativeLogLikelihood(of: target, ignoring: 255), expected([1, 1, 1]), shape: [2, 2, 2])
    let weighed = logs.negativeLogLikelihood(of: target, classWeights: floats([0.5, 2, 3], 3), ignoring: 255)
    assertClose(weighed, expected(weights), shape: [2, 2, 2])
    finiteDifferences(
      of: { $0.logSoftmax(1).negativeLogLikelihood(of: target, ignoring: 255) }, at: scores)
  }

  @Test(
    "pixels of a stretched map that a coarser grid takes are those of the whole map",
    arguments: [(5, 9, 40, 72, 5, 9), (5, 9, 33, 65, 4, 7), (8, 8, 8, 8, 3, 5), (1, 1, 6, 6, 2, 3)])
  func sampledResize(h: Int, w: Int, height: Int, width: Int, rows: Int, columns: Int) {
    let map = TensorGenerator(seed: 5).normal([2, 3, h, w])
    let whole = map.resizedBilinear(height: height, width: width).resizedNearest(height: rows, width: columns)
    let sampled = map.resizedBilinear(height: height, width: width, sampledAt: (rows, columns))
    assertClose(sampled, whole, absolute: 1e-6)
  }
}
