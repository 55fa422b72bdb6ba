// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Testing

@Suite("Steps that end with a checkpoint")
struct CheckpointIntervalTests {
  @Test("are those asked for")
  func asked() {
    let interval = CheckpointInterval(asked: 3, steps: 10)
    #expect((1...10).filter { interval.isDue(after: $0, last: (0, 1000)) } == [3, 6, 9])
    #expect(interval.planned(stepSeconds: 1000) == 3)
  }

  @Test("come at each quarter of a short run, and after five minutes of a long one")
  func automatic() {
    let interval = CheckpointInterval(asked: nil, steps: 300)
    #expect(!interval.isDue(after: 74, last: (0, 10)) && interval.isDue(after: 75, last: (0, 10)))
    #expect(!interval.isDue(after: 100, last: (75, 10)) && interval.isDue(after: 150, last: (75, 10)))
    #expect(!interval.isDue(after: 5, last: (0, 299)) && interval.isDue(after: 5, last: (0, 300)))
    let short = CheckpointInterval(asked: nil, steps: 20)
    #expect((1...20).filter { short.isDue(after: $0, last: (0, 10)) } == [])
    #expect(short.isDue(after: 2, last: (1, 301)) && short.planned(stepSeconds: 1) == 20)
  }

  @Test("are told before, from what a step takes", arguments: [(1, 75), (10, 30), (1e6, 1), (0, 75)])
  func planned(seconds: Double, every: Int) {
    #expect(CheckpointInterval(asked: nil, steps: 300).planned(stepSeconds: seconds) == every)
  }
}
