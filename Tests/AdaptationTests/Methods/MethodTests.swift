// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation
import TestSupport
import Testing
import Torch

/// Every method on a network it has never heard of.
@Suite("Each method")
struct MethodTests {
  init() { Machine.threads = 1 }

  private static let learning = AdaptationSettings.Method.allCases.filter {
    ![.sourceOnly, .batchnorm].contains($0)
  }

  private func batch(seed: UInt64 = 3, broken: Bool = false) -> TargetBatch {
    let generator = TensorGenerator(seed: seed)
    let labels = (0..<128).map { Int64($0 / 16 % 3) }
    let scaled = generator.normal([2, 3, 8, 8])
    let images = broken ? scaled * .infinity : generator.normal([2, 3, 8, 8])
    return TargetBatch(
      images: images, scaled: scaled, augmented: broken ? images : generator.normal([2, 3, 8, 8]),
      pseudoLabels: Tensor(labels, shape: [2, 8, 8]), seeds: [seed, seed + 1])
  }

  private func made(_ method: AdaptationSettings.Method) -> (any AdaptationMethod, AdaptationSettings) {
    var settings = AdaptationSettings(method: method)
    settings.dynamicTeacher.first = 2
    settings.dynamicTeacher.positions = 20
    settings.selfTraining.round = 2
    settings.cotta.scales = [0.5, 1]
    return (settings.makeMethod(StubSegmenter()), settings)
  }

  @Test("moves what it is to move, and its terms add up", arguments: learning)
  func moves(_ kind: AdaptationSettings.Method) throws {
    let (method, _) = made(kind)
    let fresh = StubSegmenter()
    for seed in 0..<3 {
      let report = method.step(batch(seed: UInt64(seed)), learningRate: 0.01)
      #expect(report.isApplied && report.total.isFinite && !report.terms.isEmpty)
      #expect(abs(report.total - report.terms.reduce(0) { $0 + $1.value }) < 1e-9)
    }
    func isMoved(_ name: String) throws -> Bool {
      try #require(method.student.store[name]).tensor.stored
        != (try #require(fresh.store[name])).tensor.stored
    }
    #expect(try isMoved("stem.weight") == (kind != .tent))
    #expect(try isMoved("norm.weight") == [.tent, .cotta].contains(kind))
  }

  @Test("goes on from a stored state as it would have gone on itself", arguments: learning)
  func state(_ kind: AdaptationSettings.Method) {
    let (method, _) = made(kind)
    for seed in 0..<3 { _ = method.step(batch(seed: UInt64(seed)), learningRate: 0.01) }
    let (other, _) = made(kind)
    let report = other.load(method.state)
    #expect(report.isExact, "\(report.summary)")
    for seed in 3..<8 {
      let (mine, theirs) = (
        method.step(batch(seed: UInt64(seed)), learningRate: 0.01),
        other.step(batch(seed: UInt64(seed)), learningRate: 0.01)
      )
      #expect(mine.total == theirs.total)
    }
    for (mine, theirs) in zip(method.state, other.state) {
      #expect(mine.name == theirs.name && mine.tensor == theirs.tensor, "\(mine.name)")
    }
  }

  @Test("takes no step from what is no number", arguments: learning)
  func notTaken(_ kind: AdaptationSettings.Method) throws {
    let (method, _) = made(kind)
    _ = method.step(batch(), learningRate: 0.01)
    let before = method.student.store.state
    // The teacher may follow the step before, and that it has is told.
    func others() -> [String: StoredTensor] {
      let rest = method.state.filter { !$0.name.hasPrefix("teacher") }
      return Dictionary(uniqueKeysWithValues: rest.map { ($0.name, $0.tensor) })
    }
    let rest = others()
    let report = method.step(batch(broken: true), learningRate: 0.01)
    #expect(!report.isApplied)
    for (mine, theirs) in zip(method.student.store.state, before) {
      #expect(mine.tensor == theirs.tensor, "\(mine.name)")
    }
    let after = others()
    let changed = Set(rest.keys).union(after.keys).filter { rest[$0] != after[$0] }
    #expect(changed.sorted() == [], "what later steps depend on")
    #expect(method.step(batch(seed: 9), learningRate: 0.01).isApplied)
  }

  @Test("the source network stays as it is, and takes no step")
  func sourceOnly() {
    let method = made(.sourceOnly).0
    let before = method.state
    _ = method.step(batch(), learningRate: 1)
    #expect(zip(before, method.state).allSatisfy { $0.tensor == $1.tensor })
    #expect(method.load(before).isExact)
  }

  @Test("a published choice is a method's own, whatever the profile")
  func published() {
    #expect(made(.tent).1.learningRate == 1e-3 && made(.tent).1.learning.optimizer == .adamw)
    #expect(made(.dynamicTeacher).1.learning.studentNorm == .stored)
    #expect(made(.batchnorm).1.finalStatistics == .target)
    #expect(made(.hcl).1.finalStatistics == nil && made(.iapc).1.finalStatistics == .target)
  }

  @Test("a dynamic teacher follows when predictions became denser, not at every step")
  func dynamicTeacher() throws {
    let (method, _) = made(.dynamicTeacher)
    let teacher = try #require(method.teacher)
    let first = teacher.store.state
    _ = method.step(batch(seed: 1), learningRate: 0.01)
    #expect(zip(first, teacher.store.state).allSatisfy { $0.tensor == $1.tensor })
    for seed in 2..<40 { _ = method.step(batch(seed: UInt64(seed)), learningRate: 0.01) }
    #expect(zip(first, teacher.store.state).contains { $0.tensor != $1.tensor })
  }
}
