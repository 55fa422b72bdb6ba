// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Batch normalisation")
struct BatchNormTests {
  /// A layer over three channels that starts from the values of a fixture.
  private struct Layer {
    let store = ParameterStore()
    let norm: BatchNorm
    let fixture: OperationFixture

    init(_ name: String) throws {
      fixture = OperationFixture(name: name)
      norm = BatchNorm(Scope(store), 3, epsilon: 1e-3)
      let report = store.load([
        ("weight", try fixture.stored("weight")), ("bias", try fixture.stored("bias")),
        ("running_mean", try fixture.stored("mean")), ("running_var", try fixture.stored("variance")),
      ])
      #expect(report.isExact)
    }

    func running() throws -> (mean: Tensor, variance: Tensor) {
      (try #require(store["running_mean"]).tensor, try #require(store["running_var"]).tensor)
    }

    func checkGradients(of output: Tensor, input: Tensor) throws {
      (output * (try fixture.tensor("probe"))).sum().backward()
      let leaves = ["input": input, "weight": store["weight"]?.tensor, "bias": store["bias"]?.tensor]
      for (name, leaf) in leaves {
        let gradient = try #require(leaf?.gradient)
        let expected = try fixture.stored("gradient-\(name)")
        assertClose(gradient, expected, relative: 2e-5, absolute: 1e-5, name)
      }
    }
  }

  @Test(
    "output, gradients and running statistics are PyTorch's",
    arguments: [("norm-training", Mode.training), ("norm-evaluation", .evaluation)])
  func fixtures(name: String, mode: Mode) throws {
    let layer = try Layer(name)
    let input = try layer.fixture.tensor("input")
    input.requiresGradient = true
    let output = layer.norm(input, mode)
    assertClose(output, try layer.fixture.stored("output"))
    try layer.checkGradients(of: output, input: input)
    let running = try layer.running()
    assertClose(running.mean, try layer.fixture.stored("mean-after"))
    assertClose(running.variance, try layer.fixture.stored("variance-after"))
  }

  @Test("batch statistics normalise as in training and leave the running ones")
  func batchStatistics() throws {
    let layer = try Layer("norm-training")
    let output = layer.norm(try layer.fixture.tensor("input"), .batchStatistics)
    assertClose(output, try layer.fixture.stored("output"))
    let running = try layer.running()
    assertClose(running.mean, try layer.fixture.stored("mean"), relative: 0, absolute: 0)
    assertClose(running.variance, try layer.fixture.stored("variance"), relative: 0, absolute: 0)
  }

  @Test("estimating with the share 1/k gives the mean over the batches, whatever stood there before")
  func estimating() throws {
    let layer = try Layer("norm-training")
    let random = TensorGenerator(seed: 9)
    let batches = (1...4).map { random.normal([2, 3, 4, 5], deviation: Double($0)) + Double($0) }
    for (k, batch) in batches.enumerated() {
      _ = layer.norm(batch, .estimating(share: 1 / Double(k + 1)))
    }
    var (means, variances) = (Tensor.zeros([3]), Tensor.zeros([3]))
    for batch in batches {
      let columns = batch.permuted(1, 0, 2, 3).reshaped(3, 40)
      let centred = columns - columns.mean(1, keepingAxes: true)
      means = means + columns.mean(1) / 4
      variances = variances + (centred * centred).sum(1) / 39 / 4
    }
    let running = try layer.running()
    assertClose(running.mean, means, relative: 1e-5, absolute: 1e-5)
    assertClose(running.variance, variances, relative: 1e-5, absolute: 1e-5)
  }

  @Test("the layer's own momentum is the new batch's share in training")
  func momentum() throws {
    let store = ParameterStore()
    let norm = BatchNorm(Scope(store) / "bn", 1, momentum: 0.25)
    #expect(store.entries.map(\.name) == ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"])
    #expect(store.buffers.map(\.name) == ["bn.running_mean", "bn.running_var"])
    _ = norm(floats([2, 6], 2, 1, 1, 1), .training)
    assertClose(try #require(store["bn.running_mean"]).tensor, floats([1], 1))
    assertClose(try #require(store["bn.running_var"]).tensor, floats([0.75 + 0.25 * 8], 1))
  }

  @Test("epsilon keeps a constant channel finite")
  func constantChannel() {
    let norm = BatchNorm(Scope(ParameterStore()), 1, epsilon: 0.25)
    assertClose(norm(floats([3, 3], 2, 1, 1, 1), .batchStatistics), floats([0, 0], 2, 1, 1, 1))
    assertClose(
      norm(floats([3, 3], 2, 1, 1, 1), .evaluation), [3 / (1.25).squareRoot(), 3 / (1.25).squareRoot()])
  }

  @Test("one value a channel has no variance: training with it ends the process")
  func oneValue() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BatchNorm(Scope(ParameterStore()), 2)(.ones([1, 2, 1, 1]), .training)
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("batchNorm: training needs more than one value a channel"), "\(told)")
  }

  @Test("a learned rectifier starts with slopes of a quarter, and has the gradients of plain operations")
  func rectifier() throws {
    let store = ParameterStore()
    let norm = BatchNorm(
      Scope(store) / "bn", 3, activation: .prelu(Scope(store) / "act", 3))
    #expect(store.entries.map(\.name).last == "act.weight")
    let slopes = try #require(store["act.weight"]).tensor
    assertClose(slopes, [0.25, 0.25, 0.25])
    let x = TensorGenerator(seed: 1).normal([2, 3, 5, 4]) * 3 + 1
    let probe = TensorGenerator(seed: 2).normal([2, 3, 5, 4])
    x.requiresGradient = true
    let copy = x.detached() + 0
    copy.requiresGradient = true
    (norm(x, .batchStatistics) * probe).sum().backward()
    let found = try (#require(x.gradient) + 0, #require(slopes.gradient) + 0)
    store.clearGradients()

    let centred = copy - copy.mean(0, 2, 3, keepingAxes: true)
    let variance = (centred * centred).mean(0, 2, 3, keepingAxes: true)
    let written = (centred / (variance + 1e-5).squareRoot()).prelu(slopes)
    (written * probe).sum().backward()
    assertClose(norm(copy, .batchStatistics).detached(), written.detached())
    assertClose(found.0, try #require(copy.gradient), relative: 1e-4, absolute: 1e-6)
    assertClose(found.1, try #require(slopes.gradient), relative: 1e-4, absolute: 1e-6)
  }
}
