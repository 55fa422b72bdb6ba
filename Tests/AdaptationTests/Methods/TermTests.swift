// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

private let kinds: [IAPCSettings.Importance] = [.logits, .probabilities, .first, .second, .none]

/// The importance and enhanced terms at weight 1 against PyTorch's values and gradients.
@Suite("The supervised terms")
struct SupervisedTermTests {
  init() { Machine.threads = 1 }

  @Test("importance is that of each kind, and its term has PyTorch's value and gradient", arguments: kinds)
  func importanceAware(_ kind: IAPCSettings.Importance) throws {
    let all = try cases("importance-aware")
    #expect(all.count == 5)
    for (name, x) in all {
      let map = importanceMap(try #require(x["source"]), kind)
      if let map {
        assertClose(map, try #require(x["importance-\(kind)"]), "\(name) \(kind)")
      } else {
        #expect(kind == .none)
      }
      let labels = try #require(x["labels"]).to(.int64)
      let weights = try #require(x["weights"])
      let term = objective(importance: 1) { $0.importance = kind }
      let (value, gradient) = differentiated(try #require(x["logits"])) { logits in
        let terms = term(
          .init(student: logits, importance: map, labels: labels, classWeights: weights, similarities: nil))
        #expect(terms.map(\.name) == ["ia"])
        return terms[0].term
      }
      assertClose(value, try #require(x["value-\(kind)"]), "\(name) \(kind) value")
      assertClose(gradient, try #require(x["gradient-\(kind)"]), "\(name) \(kind) gradient")
    }
  }

  @Test("no gradient flows through the importance, and nothing is trusted alike by chance")
  func importanceOrder() {
    // Three pixels: certain, undecided, a second logit above 0 that the logits' ratio takes for half sure.
    let logits = Tensor([9, 3, 4, 0, 3, 2, 0, 3, 0] as [Float], shape: [1, 3, 1, 3])
    let trust = importanceMap(logits, .logits)?.scalars(as: Float.self) ?? []
    #expect(trust == [1, 0, 0.5])
    let ratio = importanceMap(logits, .probabilities)?.scalars(as: Float.self) ?? []
    #expect(ratio[0] > 0.999 && ratio[1] == 0 && abs(ratio[2] - 0.8646647) < 1e-5)
  }

  // With importance 1 and both means, the importance term is the plain weighted cross-entropy.
  @Test("counts ignored pixels in the mean, or not, as asked", arguments: [true, false])
  func ignoredInMean(_ counts: Bool) throws {
    let all = try cases("cross-entropy")
    #expect(all.count == 5)
    for (name, x) in all {
      let term = objective(importance: 1) {
        $0.importance = .none
        $0.ignoredInMean = counts
      }
      let labels = try #require(x["labels"]).to(.int64)
      let weights = try #require(x["weights"])
      let (value, gradient) = differentiated(try #require(x["logits"])) {
        term(.init(student: $0, importance: nil, labels: labels, classWeights: weights, similarities: nil))[0]
          .term
      }
      let suffix = counts ? "" : "-labelled"
      assertClose(value, try #require(x["value\(suffix)"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient\(suffix)"]), "\(name) gradient")
    }
  }

  @Test("the enhanced term counts where the nearest prototype agrees", arguments: [true, false])
  func prototypeEnhanced(_ counts: Bool) throws {
    let all = try cases("prototype-enhanced")
    #expect(all.count == 4)
    for (name, x) in all {
      let term = objective(enhanced: 1) { $0.ignoredInMean = counts }
      // Similarities at the crop's size, 1 at the class that is nearest: a grid as fine as the pixels.
      let near = try #require(x["near"]).to(.int64).oneHot(classes: 5).permuted(0, 3, 1, 2)
      let labels = try #require(x["labels"]).to(.int64)
      let weights = try #require(x["weights"])
      let (value, gradient) = differentiated(try #require(x["logits"])) {
        term(.init(student: $0, importance: nil, labels: labels, classWeights: weights, similarities: near))[
          0
        ]
        .term
      }
      let suffix = counts ? "" : "-labelled"
      assertClose(value, try #require(x["value\(suffix)"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient\(suffix)"]), "\(name) gradient")
    }
  }
}

@Suite("The unsupervised terms")
struct UnsupervisedTermTests {
  init() { Machine.threads = 1 }

  private let nothing = (labels: Tensor.zeros([2, 6, 8], dtype: .int64), weights: Tensor.ones([5]))

  private func terms(_ objective: IAPCObjective, _ logits: Tensor, _ similarities: Tensor?) -> [String:
    Tensor]
  {
    let terms = objective(
      .init(
        student: logits, importance: nil, labels: nothing.labels, classWeights: nothing.weights,
        similarities: similarities))
    return Dictionary(uniqueKeysWithValues: terms.map { ($0.name, $0.term) })
  }

  @Test("entropy has PyTorch's value and gradient")
  func entropy() throws {
    let all = try cases("entropy")
    #expect(all.count == 3)
    for (name, x) in all {
      let (value, gradient) = differentiated(try #require(x["logits"])) {
        terms(objective(entropy: 1), $0, nil)["im"] ?? Tensor.zeros([])
      }
      assertClose(value, try #require(x["value"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient"]), "\(name) gradient")
    }
  }

  @Test("entropy where labels agree has PyTorch's value and gradient")
  func agreedEntropy() throws {
    let agreed = objective(entropy: 1) { $0.entropyOn = .agreed }
    for (name, x) in try cases("entropy") {
      let labels = try #require(x["labels"]).to(.int64)
      let (value, gradient) = differentiated(try #require(x["logits"])) {
        agreed(
          .init(
            student: $0, importance: nil, labels: labels, classWeights: nothing.weights, similarities: nil))[
            0
          ]
          .term
      }
      assertClose(value, try #require(x["value-agreed"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient-agreed"]), "\(name) gradient")
    }
  }

  @Test("the student learns the nearest prototype's class")
  func symmetricLabel() throws {
    let all = try cases("symmetric-label")
    #expect(all.count == 3)
    for (name, x) in all {
      let near = try #require(x["near"]).to(.int64).oneHot(classes: 5).permuted(0, 3, 1, 2)
      let (value, gradient) = differentiated(try #require(x["logits"])) {
        terms(objective(symmetric: 1), $0, near)["ps_label"] ?? Tensor.zeros([])
      }
      assertClose(value, try #require(x["value"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient"]), "\(name) gradient")
    }
  }

  @Test(
    "the features learn the student's class, in either layout",
    arguments: [IAPCSettings.PrototypeLayout.mended, .scrambled2023])
  func symmetricPrototype(_ layout: IAPCSettings.PrototypeLayout) throws {
    let all = try cases("symmetric-prototype")
    #expect(all.count == 4)
    let suffix = layout == .mended ? "" : "-scrambled"
    for (name, x) in all {
      let (features, prototypes) = (try #require(x["features"]), try #require(x["prototypes"]))
      let cosines = similarities(features, prototypes, layout)
      assertClose(cosines, try #require(x["similarity\(suffix)"]), "\(name) similarity")
      let near = cosines.argmax(1).reshaped(2, 1, 3, 4).to(.float32).resizedNearest(height: 6, width: 8)
      assertClose(
        near.reshaped(2, 6, 8).to(.uint8), try #require(x["near\(suffix)"]), relative: 0, absolute: 0,
        "\(name) near")
      let logits = try #require(x["logits"])
      let (value, gradient) = differentiated(features) {
        terms(objective(symmetric: 1), logits, similarities($0, prototypes, layout))["ps_prototype"]
          ?? Tensor.zeros([])
      }
      assertClose(value, try #require(x["value\(suffix)"]), "\(name) value")
      assertClose(gradient, try #require(x["gradient\(suffix)"]), "\(name) gradient")
    }
  }

  @Test("a zero prototype resembles no feature, and a zero feature no prototype")
  func zeros() {
    let features = Tensor([1, 0, 2, 0] as [Float], shape: [1, 2, 1, 2])
    let prototypes = Tensor([0, 0, 3, 0] as [Float], shape: [1, 2, 2])
    // Position 0 is (1, 2), position 1 is (0, 0).
    assertClose(
      similarities(features, prototypes, .mended), [0, 0, 0.4472136, 0], shape: [1, 2, 1, 2], relative: 1e-6)
  }
}
