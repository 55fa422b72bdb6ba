// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("The objective")
struct ObjectiveTests {
  init() { Machine.threads = 1 }

  private let generator = TensorGenerator(seed: 5)
  private var labels: Tensor {
    Tensor([0, 1, 2, 255, 1, 0, 2, 2, 1, 255, 0, 0] as [Int64], shape: [1, 3, 4])
  }

  private func inputs(
    _ student: Tensor, importance: Tensor? = nil, similarities: Tensor? = nil
  ) -> IAPCObjective.Inputs {
    IAPCObjective.Inputs(
      student: student, importance: importance, labels: labels,
      classWeights: Tensor([1, 2.5, 7] as [Float], shape: [3]).to(student.dtype), similarities: similarities)
  }

  @Test(
    "each term's gradient is that of its value", arguments: ["ia", "pe", "ps_label", "im"],
    [IAPCSettings.EntropyPixels.all, .agreed])
  func finiteDifferencesOfLogits(_ name: String, _ pixels: IAPCSettings.EntropyPixels) {
    let all = objective(importance: 0.2, enhanced: 0.5, symmetric: 0.04, entropy: 2) {
      $0.entropyOn = pixels
    }
    let logits = generator.normal([1, 3, 3, 4], deviation: 2).to(.float64)
    let trust = generator.uniform([1, 3, 4]).to(.float64)
    let cosines = generator.uniform([1, 3, 3, 4], from: -1, to: 1).to(.float64)
    finiteDifferences(
      of: { x in
        all(inputs(x, importance: trust, similarities: cosines)).first { $0.name == name }?.term
          ?? Tensor.zeros([])
      }, at: logits)
  }

  @Test("the prototype term's gradient reaches the features", arguments: [false, true])
  func finiteDifferencesOfFeatures(_ scrambled: Bool) {
    let all = objective(symmetric: 0.04)
    let logits = generator.normal([1, 3, 3, 4]).to(.float64)
    let prototypes = generator.normal([1, 3, 5]).to(.float64)
    finiteDifferences(
      of: { features in
        let cosines = similarities(features, prototypes, scrambled ? .scrambled2023 : .mended)
        return all(inputs(logits, similarities: cosines)).first { $0.name == "ps_prototype" }?.term
          ?? Tensor.zeros([])
      }, at: generator.normal([1, 5, 2, 2]).to(.float64))
  }

  @Test("weights multiply their terms")
  func weights() {
    let logits = generator.normal([1, 3, 3, 4])
    let cosines = generator.uniform([1, 3, 2, 2])
    let one = objective(importance: 1, enhanced: 1, symmetric: 1, entropy: 1)(
      inputs(logits, similarities: cosines))
    let some = objective(importance: 0.3, enhanced: 0.7, symmetric: 5, entropy: 0.1)(
      inputs(logits, similarities: cosines))
    #expect(one.map(\.name) == ["ia", "pe", "ps_label", "ps_prototype", "im"])
    for ((a, b), factor) in zip(zip(one, some), [0.3, 0.7, 5, 5, 0.1]) {
      #expect(a.term.item > 0)
      #expect(relative(b.term.item, factor * a.term.item) < 1e-6, "\(a.name)")
    }
  }

  @Test("a term of weight 0 is absent, and says what it would have needed")
  func absent() {
    let logits = generator.normal([1, 3, 3, 4])
    let supervised = objective(importance: 1)
    #expect(supervised(inputs(logits)).map(\.name) == ["ia"])
    #expect(!supervised.needsPrototypes && supervised.needsSource)
    let alike = objective(importance: 1) { $0.importance = .none }
    #expect(!alike.needsSource)
    let entropy = objective(entropy: 1)
    #expect(entropy(inputs(logits)).map(\.name) == ["im"])
    #expect(!entropy.needsPrototypes && !entropy.needsSource)
    #expect(objective(enhanced: 1).needsPrototypes && objective(symmetric: 1).needsPrototypes)
    #expect(!objective(enhanced: 1).needsSource)
    #expect(objective()(inputs(logits)).isEmpty)
  }
}
