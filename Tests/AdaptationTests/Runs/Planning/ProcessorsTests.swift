// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Testing

@Suite("Processors")
struct ProcessorsTests {
  @Test("The limit of a control group is its quota over its period, in both forms")
  func limit() {
    #expect(Processors.granted(byMax: "150000 100000\n") == 1.5)
    #expect(Processors.granted(byMax: "max 100000\n") == nil)
    #expect(Processors.granted(byMax: "") == nil)
    #expect(Processors.granted(quota: "50000\n", period: "100000\n") == 0.5)
    #expect(Processors.granted(quota: "-1\n", period: "100000\n") == nil)
    #expect(Processors.granted(quota: nil, period: nil) == nil)
    #expect(Processors.granted(quota: "100000", period: "0") == nil)
  }

  @Test("The busy time of all processors leaves out idle time and waiting for disks")
  func ticks() throws {
    let text = """
      cpu  100 5 20 700 50 3 2 10 40 0
      cpu0 50 2 10 350 25 1 1 5 20 0
      cpu1 50 3 10 350 25 2 1 5 20 0
      intr 12345
      """
    let found = try #require(Processors.ticks(in: text))
    #expect(found.busy == 140)
    #expect(found.all == 890)
    #expect(found.cores == 2)
    #expect(Processors.ticks(in: "intr 1") == nil)
    #expect(Processors.ticks(in: "cpu  1 2 3\ncpu0 1 2 3") == nil)
  }

  @Test("At least one thread is usable, and no more than there are cores")
  func usable() {
    #expect((1...Processors.cores).contains(Processors.usable))
  }
}
