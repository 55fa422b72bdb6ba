// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Segmentation
import Testing
import Torch

@Suite("Timings")
struct TimingTests {
  init() { Machine.threads = 1 }

  @Test("of parts add up, and a part within another counts once")
  func phases() {
    let clock = PhaseClock()
    let whole = ContinuousClock().measure {
      for _ in 0..<2 {
        clock.measure("outer") {
          Thread.sleep(forTimeInterval: 0.01)
          clock.measure("inner") { Thread.sleep(forTimeInterval: 0.03) }
        }
      }
    }.seconds
    let seconds = Dictionary(uniqueKeysWithValues: clock.seconds.map { ($0.name, $0.seconds) })
    #expect(clock.seconds.map(\.name) == ["inner", "outer"])
    #expect(seconds["inner", default: 0] >= 0.06 && seconds["outer", default: 0] >= 0.02)
    // Both together are no more than the time that went by.
    #expect(seconds.values.reduce(0, +) <= whole)
  }

  @Test("have a median between their ends")
  func spread() {
    #expect(TimeSpread([3, 1, 2]).median == 2)
    #expect(TimeSpread([4, 1, 2, 3]).median == 2.5)
    let spread = TimeSpread([5, 7, 6])
    #expect((spread.min, spread.max) == (5, 7))
  }

  @Test("of a step tell its parts, its arithmetic and its numbers")
  func step() throws {
    let generator = TensorGenerator(seed: 3)
    func views() -> Tensor { generator.normal([2, 3, 8, 8]) }
    let labels = Tensor((0..<128).map { Int64($0 / 16 % 3) }, shape: [2, 8, 8])
    let batch = TargetBatch(images: views(), scaled: views(), augmented: views(), pseudoLabels: labels)
    var seen: [Int] = []
    var settings = AdaptationSettings(profile: .paper)
    settings.iapc = IAPCSettings()
    settings.learningRate = 1e-3
    let result = try StepTiming(settings).run(StubSegmenter(), batch, count: 2) { index, _ in
      seen.append(index)
    }
    #expect(seen == [0, 1, 2] && result.steps.count == 3)
    #expect(
      Set(result.breakdown.keys) == [
        "source", "teacher", "prototypes", "student", "objective", "backward", "optimiser", "average",
        "other",
      ])
    #expect(
      try #require(result.operationsPerStep) > 0 && result.peakGigaflops > 0 && result.peakResidentBytes > 0)
    let other = IAPC(StubSegmenter(), IAPCSettings()).step(batch, learningRate: 1e-3)
    #expect(result.steps[0]["total"] == other.total)
  }
}
