// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Stochastic gradient descent")
struct SGDTests {
  @Test("steps with Nesterov momentum and decay are PyTorch's")
  func nesterov() throws {
    try Trained.check("sgd", rate: 0.1) { SGD($0) }
  }

  @Test("steps with plain momentum are PyTorch's")
  func plain() throws {
    try Trained.check("sgd-plain", rate: 0.1) { SGD($0, .init(weightDecay: 0, nesterov: false)) }
  }

  @Test("three updates a gradient are PyTorch's with the parameter listed three times")
  func repeated() throws {
    try Trained.check("sgd-thrice", rate: 0.1, updates: 3) { SGD($0) }
  }

  @Test("without momentum a step is the gradient's")
  func noMomentum() throws {
    let trained = Trained()
    let entry = trained.parameter("p", floats([1, 2], 2))
    let sgd = SGD([ParameterGroup("all", [entry])], .init(momentum: 0, weightDecay: 0, nesterov: false))
    for _ in 0..<2 {
      try trained.give("p", floats([1, -1], 2))
      sgd.step(learningRate: 0.5)
    }
    assertClose(try trained.value("p"), floats([0, 3], 2))
  }

  @Test("a group's rate is scaled, and a parameter without a gradient stays")
  func groups() throws {
    let trained = Trained()
    let entries = ["a", "b", "c"].map { trained.parameter($0, floats([1], 1)) }
    let settings = SGD.Settings(momentum: 0.9, weightDecay: 0, nesterov: false)
    let sgd = SGD(
      [
        ParameterGroup("x", [entries[0], entries[2]]),
        ParameterGroup("y", [entries[1]], learningRateScale: 10),
      ],
      settings)
    try trained.give("a", floats([1], 1))
    try trained.give("b", floats([1], 1))
    sgd.step(learningRate: 0.01)
    assertClose(try trained.value("a"), floats([0.99], 1))
    assertClose(try trained.value("b"), floats([0.9], 1))
    assertClose(try trained.value("c"), floats([1], 1), relative: 0, absolute: 0)
    #expect(sgd.state.map(\.name) == ["momentum.a", "momentum.b"])
    // What comes later starts its own momentum while the others go on.
    for name in ["a", "c"] { try trained.give(name, floats([1], 1)) }
    sgd.step(learningRate: 0.01)
    assertClose(try trained.value("a"), floats([0.99 - 0.019], 1))
    assertClose(try trained.value("c"), floats([0.99], 1))
  }

  @Test("a stored state continues exactly", arguments: [1, 3])
  func continuation(stop: Int) throws {
    try Trained.checkContinuation(after: stop) { SGD($0) }
  }

  @Test("a state of other parameters is refused and changes nothing")
  func refusedState() throws {
    let trained = Trained()
    let sgd = SGD([ParameterGroup("all", [trained.parameter("p", floats([1, 2], 2))])])
    try trained.give("p", floats([1, 1], 2))
    sgd.step(learningRate: 0.1)
    let before = sgd.state.map(\.tensor)
    let report = sgd.load([("momentum.p", Tensor.ones([3]).stored), ("momentum.q", Tensor.ones([1]).stored)])
    #expect(report.unexpected == ["momentum.q"])
    #expect(report.misshapen.map(\.name) == ["momentum.p"])
    #expect(report.misshapen.map(\.expected) == [[2]] && report.misshapen.map(\.found) == [[3]])
    #expect(sgd.state.map(\.tensor) == before)
  }

  @Test("a parameter that stands in two groups ends the process")
  func duplicates() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let entry = Trained().parameter("p", floats([1], 1))
      _ = SGD([ParameterGroup("x", [entry]), ParameterGroup("y", [entry])])
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains(Trained.twice), "\(told)")
  }

  // The one pass takes parameters laid out alike; others go through libtorch.
  @Test("large parameters and ones laid out otherwise take the same steps", arguments: [1, 3])
  func layouts(updates: Int) throws {
    let random = TensorGenerator(seed: 3)
    let (start, gradients) = (random.normal([70, 90]), (0..<3).map { _ in random.normal([70, 90]) })
    func trained(_ layout: (Tensor) -> Tensor) throws -> Tensor {
      let trained = Trained()
      let entry = trained.parameter("p", layout(start))
      let sgd = SGD([ParameterGroup("all", [entry], updates: updates)])
      for gradient in gradients {
        try trained.give("p", gradient)
        sgd.step(learningRate: 0.1)
      }
      return try trained.value("p").contiguous()
    }
    let dense = try trained { $0 }
    assertClose(dense, try trained { $0.permuted(1, 0).contiguous().permuted(1, 0) }, relative: 1e-5)
    // By hand, in double precision.
    var p = start.to(.float64)
    var m = p * 0
    for (index, gradient) in gradients.enumerated() {
      for _ in 0..<updates {
        let slope = gradient.to(.float64) + 5e-4 * p
        m = index == 0 ? slope : 0.9 * m + slope
        p = p - 0.1 * (slope + 0.9 * m)
      }
    }
    assertClose(dense.to(.float64), p, relative: 1e-5, absolute: 1e-6)
  }
}
