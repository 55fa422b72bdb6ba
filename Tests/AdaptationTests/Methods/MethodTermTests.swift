// SPDX-License-Identifier: Apache-2.0

import Adaptation
import TestSupport
import Testing
import Torch

/// The losses of the methods beside IAPC against PyTorch's values and gradients, and central differences.
@Suite("The other methods' terms")
struct MethodTermTests {
  init() { Machine.threads = 1 }

  /// A case's tensors by name.
  private func tensors(_ name: String) throws -> [String: Tensor] {
    try #require(try cases("methods")[name])
  }

  private func expectPyTorch(
    _ x: [String: Tensor], of input: String = "logits", gradient: String = "gradient",
    _ function: (Tensor) -> Tensor
  ) throws {
    let (value, found) = differentiated(try #require(x[input]), function)
    assertClose(value, try #require(x["value"]), "value")
    assertClose(found, try #require(x[gradient]), "gradient")
  }

  @Test("Tent's entropy")
  func tent() throws {
    let x = try tensors("tent")
    try expectPyTorch(x, Tent.entropy)
    finiteDifferences(of: Tent.entropy, at: try #require(x["logits"]).slice(0..<1, along: 0))
  }

  @Test("URMA's sum, with gradients for the network and for its decoders")
  func urma() throws {
    let x = try tensors("urma")
    let (logits, labels) = (try #require(x["logits"]), try #require(x["labels"]).to(.int64))
    let (first, second) = (try #require(x["other-0"]), try #require(x["other-1"]))
    func total(_ logits: Tensor, _ other: Tensor, _ second: Tensor) -> Tensor {
      let terms = URMA.terms(logits, labels, [other, second], URMA.Settings())
      return terms[0].term + terms[1].term + terms[2].term
    }
    try expectPyTorch(x) { total($0, first, second) }
    try expectPyTorch(x, of: "other-0", gradient: "gradient-other") { total(logits, $0, second) }
    // The decoders' target is no function of the logits: the sum has differences for the decoders alone.
    let wide = (logits.to(.float64), second.to(.float64))
    finiteDifferences(of: { total(wide.0, $0, wide.1) }, at: first)
  }

  @Test("HCL's term of categories")
  func category() throws {
    let x = try tensors("category")
    let (labels, weights) = (try #require(x["labels"]).to(.int64), try #require(x["weights"]))
    let (past, source) = (try #require(x["past"]), try #require(x["source"]))
    func term(_ logits: Tensor, _ dtype: DType) -> Tensor {
      HCL.category(
        logits, labels, classWeights: weights.to(dtype), past: past.to(dtype), source: source.to(dtype))
    }
    try expectPyTorch(x) { term($0, .float32) }
    finiteDifferences(of: { term($0, .float64) }, at: try #require(x["logits"]))
  }

  @Test("HCL's term of instances")
  func instance() throws {
    let x = try tensors("instance")
    let (labels, logits) = (try #require(x["labels"]).to(.int64), try #require(x["logits"]))
    let past = try #require(x["past"])
    try expectPyTorch(x, of: "features") {
      HCL.instance($0, past: past, labels: labels, pastLogits: logits, temperature: 0.07)
    }
  }

  @Test("CoTTA's consistency")
  func consistency() throws {
    let x = try tensors("cotta")
    let truth = try #require(x["truth"])
    try expectPyTorch(x) { CoTTA.consistency($0, truth) }
    finiteDifferences(
      of: { CoTTA.consistency($0, truth.to(.float64)) }, at: try #require(x["logits"]))
  }

  @Test("DT-ST's negative term")
  func negative() throws {
    let x = try tensors("negative")
    let probabilities = try #require(x["probabilities"])
    try expectPyTorch(x) { DynamicTeacher.negative($0, probabilities) }
    finiteDifferences(
      of: { DynamicTeacher.negative($0, probabilities.to(.float64)) }, at: try #require(x["logits"]))
  }

  @Test("DT-ST's labels")
  func dynamicLabels() throws {
    let x = try tensors("labels")
    let found = DynamicTeacher.labels(
      try #require(x["probabilities"]), running: try #require(x["running"]), rise: 0.001, factor: 0.75,
      floor: 0.2)
    assertClose(found, try #require(x["labels"]).to(.int64), relative: 0, absolute: 0)
  }

  @Test("self-training's labels and thresholds")
  func balanced() throws {
    let x = try tensors("self-training")
    let labels = SelfTraining.balancedLabels(
      try #require(x["probabilities"]), thresholds: try #require(x["thresholds"]))
    assertClose(labels, try #require(x["labels"]).to(.int64), relative: 0, absolute: 0)
    for (name, portion) in [("portion-20", 0.2), ("portion-50", 0.5)] {
      let found = SelfTraining.thresholds(try #require(x["histogram"]), portion: portion)
      assertClose(found, try #require(x[name]), name)
    }
  }

  @Test("confidences fall into their class and bin, certainty into the last")
  func histogram() {
    let probabilities = Tensor([0.3, 1, 0.55, 0.7, 0, 0.45] as [Float], shape: [1, 2, 1, 3])
    let found = SelfTraining.histogram(of: probabilities, bins: 4)
    assertClose(found, [0, 0, 1, 1, 0, 0, 1, 0], shape: [2, 4])
  }
}
