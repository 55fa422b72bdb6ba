// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Normalisation by the batches of a group", .serialized)
struct SharedNormTests {
  private struct Outcome: Sendable {
    let output, ofInput, ofWeight, ofBias, mean, variance: [Double]
  }

  /// A layer over part of six samples, whose values lie far from 0 and differ from sample to sample.
  private static func run(_ samples: Range<Int>, _ form: LayerForm) -> Outcome {
    func drawn(_ seed: UInt64) -> Tensor { TensorGenerator(seed: seed).normal([6, 3, 5, 4]) }
    let steps = Tensor((0..<6).map { Float($0) + 20 }, shape: [6, 1, 1, 1])
    let input = (drawn(1) + steps).slice(samples, along: 0).copy()
    let probe = drawn(2).slice(samples, along: 0)
    let store = ParameterStore(seed: 3)
    let norm = BatchNorm(Scope(store), 3, epsilon: 1e-3)
    input.requiresGradient = true
    let output = withLayers(form) { norm(input, .training) }
    (output * probe).sum().backward()
    func values(_ tensor: Tensor?) -> [Double] { tensor?.detached().to(.float64).scalars() ?? [] }
    return Outcome(
      output: values(output), ofInput: values(input.gradient),
      ofWeight: values(store["weight"]?.tensor.gradient),
      ofBias: values(store["bias"]?.tensor.gradient), mean: values(store["running_mean"]?.tensor),
      variance: values(store["running_var"]?.tensor))
  }

  private func expectClose(_ found: [Double], _ expected: [Double], _ name: String, _ bound: Double = 1e-4) {
    let most = expected.map(abs).max() ?? 0
    #expect(found.count == expected.count && !expected.isEmpty, "\(name)")
    for (x, y) in zip(found, expected) { #expect(abs(x - y) <= bound * most, "\(name) \(x) \(y)") }
  }

  @Test(
    "is that of one process with all of them, in values, gradients and running statistics",
    arguments: [LayerForm.fused, .composed], [2, 3])
  func whole(form: LayerForm, count: Int) throws {
    let one = Self.run(0..<6, form)
    let parts = try members(count) { group, _ in
      // Of different sizes: 1 and 5, or 1, 3 and 2.
      let bounds = group.count == 2 ? [0, 1, 6] : [0, 1, 4, 6]
      return ProcessGroup.sharingNormalisation(over: group) {
        Self.run(bounds[group.rank]..<bounds[group.rank + 1], form)
      }
    }
    expectClose(parts.flatMap(\.output), one.output, "output")
    expectClose(parts.flatMap(\.ofInput), one.ofInput, "gradient of the input")
    func sum(_ each: (Outcome) -> [Double]) -> [Double] {
      (0..<3).map { channel in parts.reduce(0) { $0 + each($1)[channel] } }
    }
    expectClose(sum(\.ofWeight), one.ofWeight, "gradient of the weight")
    expectClose(sum(\.ofBias), one.ofBias, "gradient of the bias")
    for part in parts {
      expectClose(part.mean, one.mean, "mean", 1e-6)
      expectClose(part.variance, one.variance, "variance", 1e-5)
      #expect(part.mean == parts[0].mean && part.variance == parts[0].variance)
    }
  }

  @Test("is each member's own where no group is set")
  func own() throws {
    let one = Self.run(0..<3, .composed)
    let parts = try members(2) { group, _ in Self.run(3 * group.rank..<3 * group.rank + 3, .composed) }
    expectClose(parts[0].output, one.output, "output", 1e-6)
    #expect(parts[1].mean != parts[0].mean)
  }
}
