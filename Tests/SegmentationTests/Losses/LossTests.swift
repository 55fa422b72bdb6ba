// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Losses of every pixel")
struct LossTests {
  private let logits = Tensor([1, 0, 2, 0, 0, 3, 1, 1] as [Float], shape: [1, 2, 2, 2])
  private let labels = Tensor([0, 1, 255, 1] as [Int64], shape: [1, 2, 2])

  // By hand: log(1 + e^-d) for the margin d of the true class: 1, 3 and 1.
  private let entropies = [log(1 + exp(-1.0)), log(1 + exp(-3.0)), 0, log(1 + exp(-1.0))]

  @Test("cross-entropy is that of the labelled class, 0 where ignored")
  func crossEntropies() {
    assertClose(crossEntropyMap(logits.logSoftmax(1), labels), entropies, shape: [1, 2, 2], relative: 1e-5)
    let weights = Tensor([2, 0.5] as [Float], shape: [2])
    assertClose(
      crossEntropyMap(logits.logSoftmax(1), labels, classWeights: weights),
      [2 * entropies[0], entropies[1] / 2, 0, entropies[3] / 2], shape: [1, 2, 2])
  }

  @Test("the mean cross-entropy is over labelled pixels, and 0 where there is none")
  func mean() {
    assertClose(crossEntropy(logits, labels), [entropies.reduce(0, +) / 3])
    let nothing = Tensor([255, 255, 255, 255] as [Int64], shape: [1, 2, 2])
    #expect(crossEntropy(logits, nothing).item == 0)
    logits.requiresGradient = true
    crossEntropy(logits, nothing).backward()
    #expect(logits.gradient?.norm().item == 0)
  }

  @Test("entropy is 0 for a certain pixel, log C for an undecided one")
  func entropy() {
    let probabilities = Tensor([1, 0.25, 0, 0.25, 0, 0.25, 0, 0.25] as [Float], shape: [1, 4, 1, 2])
    assertClose(entropyMap(probabilities), [0, log(4)], shape: [1, 1, 2], absolute: 1e-4)
  }

  @Test("gradients are those of the values")
  func gradients() {
    let point = TensorGenerator(seed: 1).normal([1, 2, 2, 2]).to(.float64)
    finiteDifferences(of: { crossEntropyMap($0.logSoftmax(1), labels) }, at: point)
    finiteDifferences(of: { entropyMap($0.softmax(1)) }, at: point)
  }
}
