// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

/// A store of parameters that a test steps with gradients it chooses.
struct Trained {
  let store = ParameterStore()

  /// Declares a parameter that starts at `values`.
  @discardableResult
  func parameter(_ name: String, _ values: Tensor) -> ParameterStore.Entry {
    let tensor = Scope(store).parameter(name, values.shape, .constant(0))
    set(tensor, values)
    return store.entries[store.entries.count - 1]
  }

  func set(_ tensor: Tensor, _ values: Tensor) {
    tensor.detached().withMemory(of: Float.self) { memory in
      for (i, value) in values.scalars(as: Float.self).enumerated() { memory[i] = value }
    }
  }

  /// Leaves `gradient` on the parameter, as `backward` would.
  func give(_ name: String, _ gradient: Tensor) throws {
    (try #require(store[name]).tensor * gradient).sum().backward()
  }

  func value(_ name: String) throws -> Tensor { try #require(store[name]).tensor.detached() }

  /// Steps a fixture's parameter three times and compares it each time.
  static func check(
    _ case: String, rate: Double, updates: Int = 1, _ make: ([ParameterGroup]) -> any Optimizer
  ) throws {
    let fixture = OperationFixture(name: `case`)
    let trained = Trained()
    let entry = trained.parameter("p", try fixture.tensor("start"))
    let optimiser = make([ParameterGroup("all", [entry], updates: updates)])
    for i in 1...3 {
      try trained.give("p", try fixture.tensor("gradient-\(i)"))
      optimiser.step(learningRate: rate)
      let expected = try fixture.stored("after-\(i)")
      assertClose(try trained.value("p"), expected, relative: 1e-6, absolute: 1e-7, "step \(i)")
      #expect(entry.tensor.gradient == nil, "the step clears the gradient")
    }
  }

  /// Stops after `stop` of six steps, goes on with a new optimiser, and compares with a run in one piece.
  static func checkContinuation(after stop: Int, _ make: ([ParameterGroup]) -> any Optimizer) throws {
    let random = TensorGenerator(seed: 8)
    let starts = [random.normal([3]), random.normal([2, 2])]
    let gradients = (0..<6).map { _ in [random.normal([3]), random.normal([2, 2])] }
    func run(stoppingAt stop: Int?) throws -> [StoredTensor] {
      let trained = Trained()
      let body = trained.parameter("body", starts[0])
      let head = trained.parameter("head", starts[1])
      let groups = [
        ParameterGroup("body", [body], updates: 2), ParameterGroup("head", [head], learningRateScale: 10),
      ]
      var optimiser = make(groups)
      for (i, pair) in gradients.enumerated() {
        if i == stop {
          let state = optimiser.state
          optimiser = make(groups)
          #expect(optimiser.load(state).isExact)
          #expect(optimiser.state.map(\.name) == state.map(\.name))
          #expect(optimiser.state.map(\.tensor) == state.map(\.tensor))
        }
        // The head is without a gradient at first: its state starts later.
        try trained.give("body", pair[0])
        if i > 0 { try trained.give("head", pair[1]) }
        optimiser.step(learningRate: 0.05)
      }
      return trained.store.state.map(\.tensor)
    }
    #expect(try run(stoppingAt: stop) == run(stoppingAt: nil))
  }

  /// The process's words when a parameter stands in two groups.
  static let twice = "the optimiser was given p twice"
}
