// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("AdamW")
struct AdamWTests {
  @Test("steps are PyTorch's")
  func steps() throws {
    try Trained.check("adamw", rate: 0.01) { AdamW($0) }
  }

  @Test("a group's rate is scaled, and a parameter without a gradient stays")
  func groups() throws {
    let trained = Trained()
    let entries = ["a", "b", "c"].map { trained.parameter($0, floats([1], 1)) }
    let adamw = AdamW(
      [
        ParameterGroup("x", [entries[0], entries[2]]),
        ParameterGroup("y", [entries[1]], learningRateScale: 10),
      ],
      .init(weightDecay: 0))
    for name in ["a", "b"] { try trained.give(name, floats([4], 1)) }
    adamw.step(learningRate: 0.01)
    // The first step is the rate itself, whatever the gradient's size.
    assertClose(try trained.value("a"), floats([0.99], 1))
    assertClose(try trained.value("b"), floats([0.9], 1))
    assertClose(try trained.value("c"), floats([1], 1), relative: 0, absolute: 0)
  }

  @Test("a relative rate is in units of each parameter's root mean square, and of 1e-3 at least")
  func relative() throws {
    let trained = Trained()
    let entries = [
      trained.parameter("large", floats([30, -40], 2)), trained.parameter("small", floats([0.03, 0.04], 2)),
      trained.parameter("none", floats([0, 0], 2)),
    ]
    let adamw = AdamW([ParameterGroup("all", entries)], .init(weightDecay: 0, isRelative: true))
    for name in ["large", "small", "none"] { try trained.give(name, floats([4, -0.5], 2)) }
    adamw.step(learningRate: 0.01)
    let size = Float(12.5).squareRoot()
    assertClose(try trained.value("large"), floats([30 - 0.1 * size, -40 + 0.1 * size], 2))
    assertClose(try trained.value("small"), floats([0.03 - 1e-4 * size, 0.04 + 1e-4 * size], 2))
    assertClose(try trained.value("none"), floats([-1e-5, 1e-5], 2), relative: 1e-4)
  }

  @Test("each of several updates a gradient counts as a step")
  func repeated() throws {
    func run(updates: Int, rounds: Int) throws -> Tensor {
      let trained = Trained()
      let entry = trained.parameter("p", floats([1, -2], 2))
      let adamw = AdamW([ParameterGroup("all", [entry], updates: updates)])
      for _ in 0..<rounds {
        try trained.give("p", floats([0.5, 2], 2))
        adamw.step(learningRate: 0.1)
      }
      return try trained.value("p")
    }
    assertClose(try run(updates: 3, rounds: 2), try run(updates: 1, rounds: 6), relative: 0, absolute: 0)
  }

  @Test("a stored state continues exactly", arguments: [1, 3])
  func continuation(stop: Int) throws {
    try Trained.checkContinuation(after: stop) { AdamW($0) }
  }

  @Test("a state of other parameters is refused and changes nothing")
  func refusedState() throws {
    let trained = Trained()
    let adamw = AdamW([ParameterGroup("all", [trained.parameter("p", floats([1, 2], 2))])])
    try trained.give("p", floats([1, 1], 2))
    adamw.step(learningRate: 0.1)
    let before = adamw.state
    #expect(before.map(\.name) == ["mean.p", "variance.p", "steps.p"])
    let wrong = [before[0], ("variance.p", Tensor.ones([3]).stored), ("mean.q", before[0].tensor)]
    let report = adamw.load(wrong)
    #expect(report.missing == ["steps.p"])
    #expect(report.unexpected == ["mean.q"])
    #expect(report.misshapen.map(\.name) == ["variance.p"])
    #expect(adamw.state.map(\.tensor) == before.map(\.tensor))
  }

  @Test("a parameter that stands in two groups ends the process")
  func duplicates() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let entry = Trained().parameter("p", floats([1], 1))
      _ = AdamW([ParameterGroup("x", [entry, entry])])
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains(Trained.twice), "\(told)")
  }
}
