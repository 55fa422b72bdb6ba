// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("The method on a network it has never heard of")
struct IAPCTests {
  init() { Machine.threads = 1 }

  private func batch(seed: UInt64 = 3) -> TargetBatch {
    let generator = TensorGenerator(seed: seed)
    let labels = (0..<128).map { Int64($0 / 16 % 3) }
    return TargetBatch(
      images: generator.normal([2, 3, 8, 8]), scaled: generator.normal([2, 3, 8, 8]),
      augmented: generator.normal([2, 3, 8, 8]), pseudoLabels: Tensor(labels, shape: [2, 8, 8]))
  }

  private func method(
    learning: LearningSettings = LearningSettings(), _ change: (inout IAPCSettings) -> Void = { _ in }
  ) -> (method: IAPC, student: StubSegmenter, source: StubSegmenter, teacher: StubSegmenter) {
    var settings = IAPCSettings()
    change(&settings)
    let (student, source) = (StubSegmenter(), StubSegmenter())
    let method = IAPC(student, settings, learning: learning, source: source)
    guard let teacher = method.teacher as? StubSegmenter else { fatalError("the teacher is another network") }
    return (method, student, source, teacher)
  }

  @Test("each network runs once a step, in its own mode")
  func modes() {
    let (method, student, source, teacher) = method()
    let report = method.step(batch(), learningRate: 0.01)
    #expect(student.modes == [.training] && source.modes == [.evaluation])
    #expect(teacher.modes == [.batchStatistics])
    let stored = self.method { $0.teacherNorm = .stored }
    _ = stored.method.step(batch(), learningRate: 0.01)
    #expect(stored.teacher.modes == [.evaluation])
    #expect(report.terms.map(\.name) == ["ia", "pe", "ps_label", "ps_prototype", "im"])
    #expect(relative(report.total, report.terms.reduce(0) { $0 + $1.value }) < 1e-12)
  }

  @Test("a network that no term needs is not run")
  func costsNothing() {
    let entropy = method {
      ($0.weights.importance, $0.weights.enhanced, $0.weights.symmetric) = (0, 0, 0)
    }
    #expect(entropy.method.step(batch(), learningRate: 0.01).terms.map(\.name) == ["im"])
    #expect(entropy.source.modes.isEmpty && entropy.teacher.modes.isEmpty)

    let alike = method { $0.importance = .none }
    _ = alike.method.step(batch(), learningRate: 0.01)
    #expect(alike.source.modes.isEmpty && alike.teacher.modes.count == 1)

    let fixed = method { $0.prototypes = .static }
    #expect(throws: Never.self) {
      try fixed.method.prepare(TargetImages(count: 1) { try $0(batch().images.slice(0..<1, along: 0)) })
    }
    _ = fixed.method.step(batch(), learningRate: 0.01)
    #expect(fixed.teacher.modes.isEmpty && fixed.source.modes == [.evaluation, .evaluation])
  }

  @Test("the statistics pass moves the student's statistics once more, and nothing else")
  func statisticsPass() {
    let (plain, more) = (method(), method { $0.statisticsPass = true })
    _ = plain.method.step(batch(), learningRate: 0.01)
    _ = more.method.step(batch(), learningRate: 0.01)
    #expect(more.student.modes == [.training, .training])
    #expect(
      plain.student.store["stem.weight"]?.tensor.stored == more.student.store["stem.weight"]?.tensor.stored)
    #expect(
      plain.student.store["norm.running_mean"]?.tensor.stored
        != more.student.store["norm.running_mean"]?.tensor.stored)
  }

  @Test("normalisation weights, the source network and, but for its average, the teacher stay")
  func frozen() {
    let (method, student, source, teacher) = method { $0.teacherDecay = 0.75 }
    let fresh = StubSegmenter()
    func value(_ network: StubSegmenter, _ name: String) -> StoredTensor? {
      network.store[name]?.tensor.stored
    }
    _ = method.step(batch(), learningRate: 0.01)
    #expect(value(student, "norm.weight") == value(fresh, "norm.weight"))
    #expect(value(student, "stem.weight") != value(fresh, "stem.weight"))
    #expect(value(source, "stem.weight") == value(fresh, "stem.weight"))
    #expect(value(source, "norm.running_var") == value(fresh, "norm.running_var"))
    // The average follows at the start of the next step.
    assertClose(teacher.store["stem.weight"]!.tensor, fresh.store["stem.weight"]!.tensor, relative: 1e-6)
    let moved = student.store["stem.weight"]!.tensor.copy().detached()
    _ = method.step(batch(), learningRate: 0.01)
    let expected = 0.75 * fresh.store["stem.weight"]!.tensor.detached() + 0.25 * moved
    assertClose(teacher.store["stem.weight"]!.tensor, expected)
  }

  @Test("the classifier learns at its own rate, and the body as often as asked")
  func rates() {
    // Without momentum, decay and normalisation of gradients a first step moves by rate * gradient.
    func moves(_ change: (inout LearningSettings) -> Void) -> (body: Double, head: Double) {
      var learning = LearningSettings()
      (learning.momentum, learning.weightDecay) = (0, 0)
      change(&learning)
      let made = method(learning: learning)
      let fresh = StubSegmenter()
      _ = made.method.step(batch(), learningRate: 1e-4)
      func distance(_ name: String) -> Double {
        (made.student.store[name]!.tensor.detached() - fresh.store[name]!.tensor.detached()).norm().item
      }
      return (distance("stem.weight"), distance("top.weight"))
    }
    let plain = moves { $0.headScale = 1 }
    let scaled = moves { $0.headScale = 10 }
    let thrice = moves { ($0.headScale, $0.backboneUpdates) = (1, 3) }
    #expect(relative(scaled.head, 10 * plain.head) < 1e-3 && relative(scaled.body, plain.body) < 1e-6)
    #expect(relative(thrice.body, 3 * plain.body) < 1e-3 && relative(thrice.head, plain.head) < 1e-6)
  }

  @Test(
    "a stored state goes on as the run itself would",
    arguments: [IAPCSettings.Prototypes.perImage, .momentum])
  func state(_ kind: IAPCSettings.Prototypes) {
    let (whole, _, _, _) = method { $0.prototypes = kind }
    _ = whole.step(batch(seed: 1), learningRate: 0.01)
    let stored = whole.state
    let (resumed, _, _, _) = method { $0.prototypes = kind }
    #expect(resumed.load(stored).isExact)
    let (a, b) = (
      whole.step(batch(seed: 2), learningRate: 0.01), resumed.step(batch(seed: 2), learningRate: 0.01)
    )
    #expect(a.total == b.total && a.classWeights == b.classWeights)
    #expect(whole.state.map(\.name) == resumed.state.map(\.name))
    #expect(zip(whole.state, resumed.state).allSatisfy { $0.tensor == $1.tensor })
  }

  @Test(
    "a step whose loss is no number leaves no trace, not even over a stored state",
    arguments: [IAPCSettings.Prototypes.perImage, .momentum])
  func notTaken(_ kind: IAPCSettings.Prototypes) {
    func made() -> IAPC {
      method { ($0.prototypes, $0.statisticsPass, $0.teacherDecay) = (kind, true, 0.5) }.method
    }
    let (good, next) = (batch(seed: 1), batch(seed: 2))
    let bad = TargetBatch(
      images: next.images * .infinity, scaled: next.scaled, augmented: next.augmented * .infinity,
      pseudoLabels: Tensor([Int64](repeating: 0, count: 128), shape: [2, 8, 8]))
    let (plain, broken, resumed) = (made(), made(), made())
    for method in [plain, broken] { _ = method.step(good, learningRate: 0.01) }
    let report = broken.step(bad, learningRate: 0.01)
    #expect(!report.isApplied && !report.total.isFinite && report.notFinite.contains("gradient"))
    #expect(resumed.load(broken.state).isExact)
    for method in [plain, broken, resumed] {
      let report = method.step(next, learningRate: 0.01)
      #expect(report.isApplied && report.gradientNorm ?? 0 > 0 && report.notFinite.isEmpty)
    }
    for method in [broken, resumed] {
      #expect(method.state.map(\.name) == plain.state.map(\.name))
      for (mine, other) in zip(method.state, plain.state) {
        #expect(mine.tensor == other.tensor, "\(mine.name)")
      }
    }
  }

  @Test("a state that lacks a part is told, and names it")
  func incomplete() {
    let (whole, _, _, _) = method()
    _ = whole.step(batch(), learningRate: 0.01)
    let (other, _, _, _) = method()
    #expect(other.load(whole.state.filter { $0.name != "teacher.stem.weight" }).missing == ["stem.weight"])
    #expect(
      other.load(whole.state.filter { $0.name != "classWeights.often" }).missing == ["classWeights.often"])
  }

  @Test("labels smaller or larger than the logits are met by a bilinear resize")
  func resized() {
    let (method, _, _, _) = method()
    let report = method.step(batch(), learningRate: 0)
    #expect(report.total.isFinite && report.classWeights.count == 3)
  }
}
