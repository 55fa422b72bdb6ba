// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Weights by shares")
struct ShareBalanceTests {
  /// Counts of a map with so many pixels of each class, and of ignored ones.
  private func counts(_ pixels: [Int], ignored: Int = 0) -> LabelCounts {
    let all =
      pixels.enumerated().flatMap { [Int64](repeating: Int64($0.offset), count: $0.element) }
      + [Int64](repeating: 255, count: ignored)
    return LabelCounts(Tensor(all, shape: [1, 1, all.count]))
  }

  @Test("follow the formula over two steps, ignored pixels left out")
  func formula() {
    var balance = ShareBalance(classCount: 2)
    let labels = counts([60, 40], ignored: 100)
    let first = balance.update(labels: labels, predictions: counts([90, 10]))
    let second = balance.update(labels: labels, predictions: counts([50, 50]))
    func step(_ labelled: Double, _ predicted: Double) -> Double {
      0.05 * (log(labelled + 1e-4) - log(predicted + 1e-4))
    }
    // Running means from 0 of which a step is 1/20.
    let one = [step(0.03, 0.045), step(0.02, 0.005)]
    let kept = [0.05 * 0.6 * 1.95, 0.05 * 0.4 * 1.95]
    let seen = [0.95 * 0.045 + 0.05 * 0.5, 0.95 * 0.005 + 0.05 * 0.5]
    let two = [one[0] + step(kept[0], seen[0]), one[1] + step(kept[1], seen[1])]
    assertClose(first, one.map { exp($0) }, shape: [2])
    assertClose(second, two.map { exp($0) }, shape: [2])
  }

  @Test("stay at 1 for classes that are predicted as often as labelled, and for those that nobody names")
  func even() {
    var balance = ShareBalance(classCount: 3)
    for _ in 0..<5 {
      assertClose(
        balance.update(labels: counts([30, 10]), predictions: counts([300, 100])), [1, 1, 1], shape: [3])
    }
  }

  @Test(
    "grow to at most 32 for a class that is never predicted, and fall to at least 1/32 for one never labelled"
  )
  func bounds() {
    var balance = ShareBalance(classCount: 3)
    var weights = Tensor.ones([3])
    for _ in 0..<60 {
      weights = balance.update(labels: counts([50, 50, 0]), predictions: counts([50, 0, 50]))
    }
    assertClose(weights, [1, 32, 1.0 / 32], shape: [3])
  }

  @Test("go on from a stored state; a state without it is told")
  func state() {
    var (balance, other) = (ShareBalance(classCount: 2), ShareBalance(classCount: 2))
    let (labels, predictions) = (counts([3, 1]), counts([4, 0]))
    _ = balance.update(labels: labels, predictions: predictions)
    #expect(other.load(balance.state).isExact)
    assertClose(
      other.update(labels: labels, predictions: predictions),
      balance.update(labels: labels, predictions: predictions), relative: 0, absolute: 0)
    #expect(!other.load([]).isExact)
  }
}
