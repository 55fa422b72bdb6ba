// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

/// Sizes of one batch: `grid` of the logits, `features` of the similarities, `judge` of the source's logits.
struct BatchSizes: CustomTestStringConvertible, Sendable {
  var images = 2
  var classes = 5
  var grid = [5, 7]
  var features = [5, 7]
  var judge = [5, 7]
  var crop = [33, 49]

  var testDescription: String {
    "\(images) images, \(classes) classes, \(grid), \(features), \(judge) -> \(crop)"
  }

  static let all: [BatchSizes] = [
    BatchSizes(),
    // Odd, more than a strip of pixels, and no whole number of vectors.
    BatchSizes(
      images: 1, classes: 21, grid: [33, 65], features: [33, 65], judge: [33, 65], crop: [257, 511]),
    // The paper's classes; three maps of three sizes.
    BatchSizes(
      images: 3, classes: 19, grid: [9, 17], features: [4, 30], judge: [18, 11], crop: [64, 129]),
    // Nothing to upsample, then labels smaller than the maps, then a single row, column and point.
    BatchSizes(
      images: 2, classes: 2, grid: [20, 70], features: [20, 70], judge: [20, 70], crop: [20, 70]),
    BatchSizes(images: 1, classes: 3, grid: [30, 41], features: [17, 90], judge: [50, 8], crop: [13, 15]),
    BatchSizes(images: 2, classes: 4, grid: [1, 9], features: [6, 1], judge: [1, 1], crop: [10, 21]),
    BatchSizes(images: 1, classes: 3, grid: [6, 6], features: [3, 3], judge: [6, 6], crop: [1, 1]),
  ]
}

/// A batch drawn from a seed: leaves that gradients can be asked of.
private struct Batch {
  let logits, source, labels, classWeights, similarities: Tensor

  init(_ sizes: BatchSizes, seed: UInt64 = 11, ignored: Bool = true) {
    let generator = TensorGenerator(seed: seed)
    let (n, c) = (sizes.images, sizes.classes)
    logits = generator.normal([n, c] + sizes.grid, deviation: 3)
    // Above 0, where the ratio of logits has no pole.
    source = generator.uniform([n, c] + sizes.judge, from: 1, to: 12)
    let drawn = generator.uniform([n] + sizes.crop, from: 0, to: Double(c)).scalars(as: Float.self)
    labels = Tensor(
      drawn.enumerated().map { ignored && $0 % 7 == 3 ? 255 : Int64($1) }, shape: [n] + sizes.crop)
    classWeights = generator.uniform([c], from: 0.5, to: 7)
    similarities = generator.uniform([n, c] + sizes.features, from: -1, to: 1)
  }

  /// The batch in another type, as the objective takes it.
  func predictions(
    _ objective: IAPCObjective, _ dtype: DType = .float32, labels: Tensor? = nil
  ) -> IAPCObjective.Predictions {
    func leaf(_ x: Tensor) -> Tensor {
      let copy = x.to(dtype).copy()
      copy.requiresGradient = true
      return copy
    }
    return IAPCObjective.Predictions(
      student: leaf(logits), source: objective.needsSource ? source.to(dtype) : nil,
      labels: labels ?? self.labels, classWeights: classWeights.to(dtype),
      similarities: objective.needsPrototypes ? leaf(similarities) : nil)
  }
}

/// All terms, with the released code's weights.
private func whole(_ change: (inout IAPCSettings) -> Void = { _ in }) -> IAPCObjective {
  objective(importance: 0.2, enhanced: 0.5, symmetric: 0.04, entropy: 2, change)
}

/// What a loss says of a batch: its terms and the gradients that reach the leaves.
private struct Outcome {
  let terms: [(name: String, value: Double)]
  let logits: Tensor
  let similarities: Tensor?

  init(_ x: IAPCObjective.Predictions, _ loss: (IAPCObjective.Predictions) -> StepLoss) {
    let found = loss(x)
    found.backward()
    terms = found.terms
    logits = x.student.gradient ?? .zeros([])
    similarities = x.similarities?.gradient
  }
}

/// The worst difference of two tensors, relative to the largest of the second.
private func apart(_ found: Tensor?, _ expected: Tensor?) -> Double {
  guard let found, let expected else { return found == nil && expected == nil ? 0 : .infinity }
  guard found.shape == expected.shape else { return .infinity }
  let (a, b) = (values(found.stored), values(expected.stored))
  let largest = b.reduce(0) { max($0, abs($1)) }
  return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isFinite ? abs($1.0 - $1.1) : .infinity) } / largest
}

private func expectAlike(_ objective: IAPCObjective, _ batch: Batch, _ comment: String) {
  let fused = Outcome(batch.predictions(objective), objective.loss)
  let tensors = Outcome(batch.predictions(objective, .float64), objective.tensorLoss)
  #expect(fused.terms.map(\.name) == tensors.terms.map(\.name))
  for (mine, theirs) in zip(fused.terms, tensors.terms) {
    #expect(relative(mine.value, theirs.value) < 1e-5, "\(comment) \(mine.name)")
  }
  #expect(apart(fused.logits, tensors.logits) < 1e-5, "\(comment): gradient of the logits")
  #expect(
    apart(fused.similarities, tensors.similarities) < 1e-5, "\(comment): gradient of the similarities")
}

@Suite("The objective in one pass")
struct FusedObjectiveTests {
  init() { Machine.threads = 1 }

  private static let kinds: [IAPCSettings.Importance] = [.logits, .probabilities, .first, .second, .none]
  private static let names = ["ia", "pe", "ps_label", "ps_prototype", "im"]

  @Test("has the terms and gradients of the tensor form in float64", arguments: BatchSizes.all)
  func sizes(_ sizes: BatchSizes) {
    expectAlike(whole(), Batch(sizes), "all terms")
  }

  @Test("has them for every importance and mean", arguments: kinds, [true, false])
  func switches(_ kind: IAPCSettings.Importance, _ ignoredInMean: Bool) {
    for sizes in [BatchSizes(), BatchSizes(images: 1, classes: 2), BatchSizes(images: 1, classes: 3)] {
      let all = whole { ($0.importance, $0.ignoredInMean) = (kind, ignoredInMean) }
      expectAlike(all, Batch(sizes), "\(sizes.classes) classes, \(kind)")
    }
  }

  @Test("has them with the entropy where labels agree", arguments: BatchSizes.all)
  func agreed(_ sizes: BatchSizes) {
    expectAlike(whole { $0.entropyOn = .agreed }, Batch(sizes), "agreed")
    // Ignored labels agree with nothing.
    let alone = objective(entropy: 1) { $0.entropyOn = .agreed }
    let none = Batch(sizes).predictions(
      alone, labels: Tensor.full(255, [sizes.images] + sizes.crop, dtype: .int64))
    #expect(alone.loss(none).terms.map(\.value) == [0])
  }

  @Test("has each term alone, and the others are absent")
  func alone() {
    for (name, one) in [
      ("ia", objective(importance: 0.7)), ("pe", objective(enhanced: 3)), ("im", objective(entropy: 0.5)),
    ] {
      expectAlike(one, Batch(BatchSizes()), name)
      #expect(one.loss(Batch(BatchSizes()).predictions(one)).terms.map(\.name) == [name])
    }
    expectAlike(objective(symmetric: 2), Batch(BatchSizes()), "ps")
    let nothing = objective().loss(Batch(BatchSizes()).predictions(whole()))
    #expect(nothing.terms.isEmpty && nothing.roots.isEmpty)
  }

  @Test("labels that are all ignored, or none, are met")
  func ignored() {
    let sizes = BatchSizes()
    let none = Tensor.full(255, [sizes.images] + sizes.crop, dtype: .int64)
    for counts in [true, false] {
      let all = whole { $0.ignoredInMean = counts }
      expectAlike(all, Batch(sizes, ignored: false), "no pixel ignored")
      let fused = all.loss(Batch(sizes).predictions(all, labels: none))
      #expect(fused.terms[0].value == 0 && fused.terms[1].value == 0 && fused.terms[4].value > 0)
    }
  }

  @Test("bytes serve as labels like whole numbers")
  func bytes() {
    let (all, batch) = (whole(), Batch(BatchSizes()))
    let wide = Outcome(batch.predictions(all), all.loss)
    let narrow = Outcome(batch.predictions(all, labels: batch.labels.to(.uint8)), all.loss)
    #expect(wide.terms.map(\.value) == narrow.terms.map(\.value))
    #expect(wide.logits.stored == narrow.logits.stored)
  }

  @Test("large logits neither overflow nor lose a term")
  func large() {
    let batch = Batch(BatchSizes())
    let all = whole()
    func scaled(_ dtype: DType) -> IAPCObjective.Predictions {
      let logits = (batch.logits * 200).to(dtype).copy()
      logits.requiresGradient = true
      let x = batch.predictions(all, dtype)
      return .init(
        student: logits, source: x.source, labels: x.labels, classWeights: x.classWeights,
        similarities: x.similarities)
    }
    let (fused, tensors) = (Outcome(scaled(.float32), all.loss), Outcome(scaled(.float64), all.tensorLoss))
    for (mine, theirs) in zip(fused.terms, tensors.terms) {
      #expect(relative(mine.value, theirs.value) < 1e-5, "\(mine.name)")
    }
    #expect(apart(fused.logits, tensors.logits) < 1e-4)
  }

  @Test("what is not a number is not lost", arguments: names)
  func notANumber(_ name: String) {
    let (all, batch) = (whole(), Batch(BatchSizes()))
    func spoiled(_ x: Tensor) -> Tensor {
      let numbers = x.scalars(as: Float.self).enumerated().map { $0 == 40 ? Float.nan : $1 }
      return Tensor(numbers, shape: x.shape)
    }
    let x = batch.predictions(all)
    let student = name == "ia" ? batch.logits : spoiled(batch.logits)
    let source = name == "ia" ? spoiled(batch.source) : batch.source
    let similarities = name == "ps_prototype" ? spoiled(batch.similarities) : batch.similarities
    let loss = all.loss(
      .init(
        student: student, source: source, labels: x.labels, classWeights: x.classWeights,
        similarities: similarities))
    #expect(loss.terms.first { $0.name == name }?.value.isNaN == true)
  }

  // Threads are the whole process's, so this has one of its own.
  @Test("gives the same bits for every number of threads, and every time")
  func deterministic() async {
    await #expect(processExitsWith: .success) {
      let sizes = BatchSizes(
        images: 3, classes: 19, grid: [17, 33], features: [17, 33], judge: [17, 33], crop: [128, 256])
      let (all, batch) = (whole(), Batch(sizes))
      let found = [1, 2, 3, 2].map { threads in
        Machine.threads = threads
        return Outcome(batch.predictions(all), all.loss)
      }
      for other in found.dropFirst() {
        #expect(found[0].terms.map(\.value) == other.terms.map(\.value))
        #expect(found[0].logits.stored == other.logits.stored)
        #expect(found[0].similarities?.stored == other.similarities?.stored)
      }
    }
  }

  // libtorch reads once which instructions it may use.
  @Test("has them by narrower vector instructions too")
  func instructions() async {
    await #expect(processExitsWith: .success) {
      setenv("ATEN_CPU_CAPABILITY", "avx2", 1)
      #expect(Machine.cpuCapability != "AVX512")
      for sizes in BatchSizes.all { expectAlike(whole(), Batch(sizes), "AVX2: \(sizes)") }
    }
    await #expect(processExitsWith: .success) {
      setenv("ATEN_CPU_CAPABILITY", "default", 1)
      #expect(!Machine.cpuCapability.contains("AVX"))
      for sizes in BatchSizes.all { expectAlike(whole(), Batch(sizes), "no AVX: \(sizes)") }
    }
  }

  @Test("a label that is no class ends the process and is named")
  func stray() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (all, batch) = (whole(), Batch(BatchSizes()))
      _ = all.loss(
        batch.predictions(all, labels: batch.labels.replaced(where: batch.labels.equals(2), with: 7)))
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("the label 7 is none of the 5 classes"), "\(told)")
  }

  // In float32 a step of 1/64 leaves a part in a thousand to roundings and curvature. The classes that terms
  // take from the other map jump there, so each map is moved under the terms that it has a gradient of.
  @Test("has gradients that are those of its values")
  func differences() {
    let sizes = BatchSizes(
      images: 1, classes: 3, grid: [2, 3], features: [2, 2], judge: [2, 3], crop: [9, 12])
    let (all, batch) = (whole { $0.weights.symmetric = 1 }, Batch(sizes))
    let found = Outcome(batch.predictions(all), all.loss)
    func total(_ logits: Tensor, _ similarities: Tensor, mutual: Bool) -> Double {
      let loss = all.loss(
        .init(
          student: logits, source: batch.source, labels: batch.labels, classWeights: batch.classWeights,
          similarities: similarities))
      return loss.terms.filter { ($0.name == "ps_prototype") == mutual }.reduce(0) { $0 + $1.value }
    }
    let ofLogits = slopes(batch.logits) { total($0, batch.similarities, mutual: false) }
    #expect(apart(found.logits, ofLogits) < 2e-3)
    let ofSimilarities = slopes(batch.similarities) { total(batch.logits, $0, mutual: true) }
    #expect(apart(found.similarities, ofSimilarities) < 2e-3)
  }

  /// Central differences of a function of float32.
  private func slopes(_ x: Tensor, _ value: (Tensor) -> Double) -> Tensor {
    let (numbers, step) = (x.scalars(as: Float.self), Float(1) / 64)
    let slopes = numbers.indices.map { i in
      func moved(_ by: Float) -> Double {
        var shifted = numbers
        shifted[i] += by
        return value(Tensor(shifted, shape: x.shape))
      }
      return (moved(step) - moved(-step)) / Double(2 * step)
    }
    return Tensor(slopes, shape: x.shape)
  }

  @Test("leaves other types to the tensor form")
  func otherTypes() {
    let (all, batch) = (whole(), Batch(BatchSizes()))
    let (double, tensors) = (
      Outcome(batch.predictions(all, .float64), all.loss),
      Outcome(batch.predictions(all, .float64), all.tensorLoss)
    )
    #expect(double.terms.map(\.value) == tensors.terms.map(\.value))
    #expect(double.logits.stored == tensors.logits.stored)
  }
}
