// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// Weights that bring the classes' shares among what the student predicts to those among its labels.
///
/// A class that the student predicts less often than it is labelled gains weight from step to step, and one that it
/// predicts more often loses some: `log w += 0.05 (log labelled - log predicted)`, both shares running means. No class
/// is called rare beforehand: how rare it is, and how easily the student forgets it, differs from place to place.
/// Source: our own, with the aim of distribution alignment (Berthelot et al. 2020, "ReMixMatch").
package struct ShareBalance {
  /// Of both running means; float64 [C], on the CPU.
  private var labelled, predicted: Tensor
  /// log w, float64 [C], on the CPU.
  private var logWeights: Tensor
  private let classCount: Int

  /// How fast weights follow, what running means keep of a step, the largest weight (and one over the smallest), and
  /// the share that every class is taken to have besides what is counted.
  private static let (rate, keep, largest, least) = (0.05, 0.95, 32.0, 1e-4)

  package init(classCount: Int) {
    self.classCount = classCount
    labelled = .zeros([classCount], dtype: .float64)
    predicted = .zeros([classCount], dtype: .float64)
    logWeights = .zeros([classCount], dtype: .float64)
  }

  /// The weights after a step's labels and predictions. Shapes: -> float32 [C], on the CPU.
  package mutating func update(labels: LabelCounts, predictions: LabelCounts) -> Tensor {
    func share(_ counts: LabelCounts) -> Tensor {
      let classes = counts.all.slice(0..<classCount, along: 0)
      return classes / classes.sum().clamped(from: 1)
    }
    labelled = Self.keep * labelled + (1 - Self.keep) * share(labels)
    predicted = Self.keep * predicted + (1 - Self.keep) * share(predictions)
    let step = (labelled + Self.least).log() - (predicted + Self.least).log()
    let bound = log(Self.largest)
    logWeights = (logWeights + Self.rate * step).clamped(from: -bound).clamped(to: bound)
    return logWeights.exp().to(.float32)
  }

  /// What later weights depend on.
  package var state: [(name: String, tensor: StoredTensor)] {
    [
      ("shares.labelled", labelled.stored), ("shares.predicted", predicted.stored),
      ("shares.logWeights", logWeights.stored),
    ]
  }

  /// Takes over a stored state; the report tells what is missing.
  package mutating func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    func stored(_ name: String) -> Tensor? { state.first { $0.name == name }.map { Tensor($0.tensor) } }
    guard let labelled = stored("shares.labelled"), let predicted = stored("shares.predicted"),
      let logWeights = stored("shares.logWeights")
    else { return LoadReport(missing: ["shares"]) }
    (self.labelled, self.predicted, self.logWeights) = (labelled, predicted, logWeights)
    return LoadReport()
  }
}
