// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Testing
import Torch

private func map(_ classes: [UInt8]) -> Tensor { Tensor(classes, shape: [1, classes.count]) }

@Suite("Criteria of class maps")
struct MapCriteriaTests {
  init() { Machine.threads = 1 }

  @Test("count a mixture's classes within and across clusters apart")
  func mixtures() {
    var mix = MixAgreement()
    #expect(mix.value == nil)
    // Within (the first four): 3 of 4 keep their class. Across (the last two): 1 of 2.
    mix.add(
      dominant: map([0, 0, 1, 1, 2, 2]), other: map([0, 0, 1, 1, 0, 1]), mixture: map([0, 0, 1, 2, 2, 1]))
    #expect(mix.value == (0.75 + 0.5) / 2)
    mix.add(dominant: map([2, 2]), other: map([0, 0]), mixture: map([2, 2]))
    #expect(mix.value == (0.75 + 0.75) / 2)
    let blend = MixAgreement.mixed(
      Tensor([2, 4] as [Float], shape: [2]), Tensor([0, 2] as [Float], shape: [2]))
    #expect(zip(blend.scalars(as: Float.self), [1.1, 3.1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("of mixtures cannot see a collapse: one class survives every mixture")
  func collapsedMixtures() {
    var mix = MixAgreement()
    mix.add(dominant: map([1, 1]), other: map([1, 1]), mixture: map([1, 1]))
    #expect(mix.value == 1)
  }

  @Test("under a change of geometry are a mean IoU over all images and the classes that occur")
  func consistency() {
    var consistency = GeometricConsistency(classCount: 4)
    #expect(consistency.value == nil)
    consistency.add(plain: map([0, 0, 1, 1]), changed: map([0, 1, 1, 1]))
    // Class 0: 1 of 2; class 1: 2 of 3.
    #expect(abs((consistency.value ?? 0) - (1 / 2 + 2 / 3) / 2) < 1e-12)
    consistency.add(plain: map([2, 0]), changed: map([2, 0]))
    #expect(abs((consistency.value ?? 0) - (2 / 3 + 2 / 3 + 1) / 3) < 1e-12)
  }

  @Test("bring scores of the changed image back to where its pixels were")
  func undone() {
    let image = Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Float], shape: [1, 1, 2, 4])
    let changed = GeometricConsistency.changed(image, height: 2, width: 4)
    #expect(changed.scalars(as: Float.self) == [3, 2, 1, 0, 7, 6, 5, 4])
    #expect(GeometricConsistency.undone(changed).scalars(as: Float.self) == image.scalars(as: Float.self))
    #expect(GeometricConsistency.changed(image, height: 1, width: 2).shape == [1, 1, 1, 2])
  }

  @Test("of an ensemble favour who sides with the mean of all, and one alone agrees with itself")
  func ensemble() {
    var ensemble = EnsembleAgreement()
    #expect(ensemble.values.isEmpty)
    let sure = Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])
    ensemble.add(sure)
    #expect(ensemble.values == [1])
    ensemble.add(sure)
    ensemble.add(Tensor([0.4, 0.6, 0.1, 0.9] as [Float], shape: [2, 2]))
    #expect(ensemble.values == [1, 1, 0.5])
  }

  @Test("of drift are 0 where nothing moved, and name the classes that are gone")
  func drift() {
    let start = [0.5, 0.3, 0.196, 0.004]
    let same = ClassDrift(now: start, start: start)
    #expect(abs(same.divergence) < 1e-12 && same.vanished.isEmpty)
    // Class 2 is gone, class 3 never was more than a trace.
    let moved = ClassDrift(now: [0.6, 0.398, 0.002, 0], start: start)
    #expect(moved.vanished == [2])
    let expected = 0.6 * log(0.6 / 0.5) + 0.398 * log(0.398 / 0.3) + 0.002 * log(0.002 / 0.196)
    #expect(abs(moved.divergence - expected) < 1e-9)
    let collapsed = ClassDrift(now: [0, 1, 0, 0], start: start)
    #expect(collapsed.vanished == [0, 2] && abs(collapsed.divergence - log(1 / 0.3)) < 1e-9)
    #expect(ClassDrift(now: [0, 0, 0, 1], start: [1, 0, 0, 0]).divergence.isFinite)
  }
}
