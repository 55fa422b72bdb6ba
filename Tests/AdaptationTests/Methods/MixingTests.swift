// SPDX-License-Identifier: Apache-2.0

import Adaptation
import TestSupport
import Testing
import Torch

@Suite("Mixed and masked views")
struct MixingTests {
  private let labels = Tensor(
    [0, 0, 1, 1, 2, 2, 3, 255, 4, 4, 4, 4] as [Int64], shape: [3, 1, 4])

  @Test("half of the neighbour's classes are pasted, and no ignored pixel")
  func classes() {
    var patterns: Set<[Float]> = []
    for seed in 0..<20 {
      let mix = ClassMix(labels, seeds: [UInt64(seed), UInt64(seed + 100), 7])
      let mask = mix.mask.scalars(as: Float.self)
      // Image 0 gets class 2 or class 3 of image 1, image 1 one of image 0's two, the last has no neighbour.
      #expect([[1, 1, 0, 0], [0, 0, 1, 0]].contains(Array(mask[0..<4])))
      #expect([[1, 1, 0, 0], [0, 0, 1, 1]].contains(Array(mask[4..<8])))
      #expect(Array(mask[8..<12]) == [0, 0, 0, 0])
      patterns.insert(mask)
      let mixed = mix.labels(labels).scalars(as: Int64.self)
      let own = labels.scalars(as: Int64.self)
      for (i, taken) in mask.enumerated() {
        let other = i < 8 ? own[i ^ 4] : own[i]
        #expect(mixed[i] == (taken == 1 ? other : own[i]))
      }
    }
    #expect(patterns.count > 1)
  }

  @Test("maps are mixed as labels are, and the same seeds mix alike")
  func maps() {
    let mix = ClassMix(labels, seeds: [1, 2, 3])
    let maps = labels.to(.float32).reshaped(3, 1, 1, 4)
    let both = Tensor.concatenated([maps, maps * 10], along: 1)
    let expected = mix.labels(labels).to(.float32).reshaped(3, 1, 1, 4)
    assertClose(
      mix(both), Tensor.concatenated([expected, expected * 10], along: 1), relative: 0, absolute: 0)
    #expect(ClassMix(labels, seeds: [1, 2, 3]).mask.stored == mix.mask.stored)
  }

  @Test("whole patches are hidden, about as many as asked, in every channel")
  func patches() {
    let images = Tensor.ones([2, 3, 64, 48])
    let masked = PatchMask(ratio: 0.4, patch: 4)(images, seeds: [5, 6])
    let shown = masked.mean().item
    #expect(shown > 0.45 && shown < 0.75)
    let blocks = masked.reshaped(2 * 3 * 16, 4, 12, 4).permuted(0, 2, 1, 3).reshaped(2 * 3 * 16 * 12, 16)
    let means = blocks.mean(1).scalars(as: Float.self)
    #expect(means.allSatisfy { $0 == 0 || $0 == 1 })
    let channels = masked.scalars(as: Float.self)
    #expect(Array(channels[0..<3072]) == Array(channels[3072..<6144]))
    #expect(Array(channels[0..<9216]) != Array(channels[9216..<18432]))
    assertClose(PatchMask(ratio: 0, patch: 4)(images, seeds: [5, 6]), images, relative: 0, absolute: 0)
  }
}
