// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Loading states")
struct StateDictTests {
  private let store: ParameterStore
  private let given: [(name: String, tensor: StoredTensor)] = [
    ("a", floats([5, 6], 2).stored), ("b", floats([7], 1).stored),
  ]

  init() {
    store = ParameterStore()
    _ = Scope(store).parameter("a", [2], .constant(1))
    _ = Scope(store).buffer("b", .ones([1]))
  }

  @Test("a state is taken over whole, and gives itself back")
  func exact() {
    #expect(store.load(given) == LoadReport())
    #expect(store.state.map(\.name) == ["a", "b"])
    #expect(store.state.map(\.tensor) == given.map(\.tensor))
    #expect(store["a"]?.tensor.requiresGradient == true)
    #expect(store.load(given.reversed()).isExact, "in any order")
  }

  @Test("other floating types are converted to the network's")
  func conversion() {
    let halves = given.map { ($0.name, Tensor($0.tensor).to(.float16).stored) }
    #expect(store.load(halves).isExact)
    #expect(store.state.map(\.tensor) == given.map(\.tensor))
  }

  @Test("missing, unexpected and misshapen entries are all told, and nothing is changed")
  func mismatches() {
    let before = store.state.map(\.tensor)
    let cases: [([(name: String, tensor: StoredTensor)], LoadReport)] = [
      ([given[0]], LoadReport(missing: ["b"])),
      (given + [("c", given[1].tensor)], LoadReport(unexpected: ["c"])),
      (
        [("a", Tensor.ones([1, 2]).stored), given[1]],
        LoadReport(misshapen: [LoadReport.Misshapen(name: "a", found: [1, 2], expected: [2])])
      ),
      (
        [("b", Tensor.ones([2]).stored), ("x", given[1].tensor)],
        LoadReport(
          missing: ["a"], unexpected: ["x"],
          misshapen: [LoadReport.Misshapen(name: "b", found: [2], expected: [1])])
      ),
    ]
    for (tensors, report) in cases {
      #expect(store.compare(tensors) == report)
      #expect(store.load(tensors) == report)
      #expect(!report.isExact)
      #expect(store.state.map(\.tensor) == before)
    }
  }

  @Test("comparing changes nothing even where all agrees")
  func comparing() {
    let before = store.state.map(\.tensor)
    #expect(store.compare(given).isExact)
    #expect(store.state.map(\.tensor) == before)
  }

  @Test("the summary counts and names the first of each kind")
  func summary() {
    let report = store.compare([
      ("b", Tensor.ones([3]).stored), ("x", given[1].tensor), ("y", given[1].tensor),
    ])
    let expected = "1 missing (a), 2 unexpected (x, ...), 1 misshapen (b [3], expected [1])"
    #expect(report.summary == expected)
    #expect(LoadReport().summary.isEmpty)
  }
}
