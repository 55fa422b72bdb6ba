// SPDX-License-Identifier: Apache-2.0

import Adaptation
import TestSupport
import Testing
import Torch

@Suite("Class weights")
struct ClassWeightsTests {
  @Test("follow PyTorch's over four updates")
  func overUpdates() throws {
    let all = try cases("class-weights")
    #expect(all.count == 4)
    for (name, x) in all {
      var weights = ClassWeights(classCount: 5, rarePixels: 9, rareWeight: 7)
      for i in 0..<4 {
        assertClose(
          weights.update(try #require(x["labels-\(i)"]).to(.int64)), try #require(x["weights-\(i)"]),
          "\(name), update \(i)")
      }
    }
  }

  @Test("take a class for rare below 1/32 of the crop by default, over all images of the batch")
  func limit() {
    // 2 images of 8 x 16: a class is rare below 2 * 128 / 32 = 8 pixels.
    var pixels = [Int64](repeating: 0, count: 256)
    for i in 0..<8 { pixels[i] = 1 }
    for i in 200..<207 { pixels[i] = 2 }
    var weights = ClassWeights(classCount: 4, rarePixels: nil, rareWeight: 7)
    let found = weights.update(Tensor(pixels, shape: [2, 8, 16]))
    assertClose(found, [1, 1, 7, 7 * 1.6], shape: [4])
  }

  @Test("are 1 for every class where the rare weight is 1, whatever is absent")
  func off() {
    var weights = ClassWeights(classCount: 3, rarePixels: 100, rareWeight: 1)
    for _ in 0..<3 {
      assertClose(weights.update(Tensor([255, 2] as [Int64], shape: [1, 1, 2])), [1, 1, 1])
    }
  }

  @Test("of an absent class move towards the rare weight and back")
  func moves() {
    var weights = ClassWeights(classCount: 2, rarePixels: 0, rareWeight: 7)
    let absent = Tensor([0, 0] as [Int64], shape: [1, 1, 2])
    let present = Tensor([0, 1] as [Int64], shape: [1, 1, 2])
    assertClose(weights.update(absent), [1, 1.6])
    assertClose(weights.update(absent), [1, 2.14])
    assertClose(weights.update(present), [1, 2.026])
    let kept = weights.often
    var other = ClassWeights(classCount: 2, rarePixels: 0, rareWeight: 7)
    other.restore(often: kept)
    assertClose(other.update(absent), weights.update(absent), relative: 0, absolute: 0)
  }
}
