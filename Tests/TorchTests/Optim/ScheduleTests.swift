// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Learning rates")
struct ScheduleTests {
  @Test("warm-up and decay are the reference's")
  func values() throws {
    let fixture = OperationFixture(name: "schedule")
    let schedule = WarmUpPoly(rate: 1e-4, warmUp: 5000, horizon: 100_000)
    let steps = try fixture.tensor("steps").scalars(as: Int64.self)
    let rates = try fixture.tensor("rates").scalars(as: Double.self)
    #expect(steps.count == 13)
    for (step, rate) in zip(steps, rates) {
      #expect(abs(schedule(Int(step)) - rate) <= 1e-15 * 1e-4, "step \(step)")
    }
  }

  @Test("no warm-up starts at the rate, and the rate stays 0 after the horizon")
  func edges() {
    let schedule = WarmUpPoly(rate: 2, warmUp: 0, horizon: 10, power: 2)
    #expect(schedule(0) == 2)
    #expect(schedule(5) == 0.5)
    #expect(schedule(10) == 0 && schedule(11) == 0)
  }
}
