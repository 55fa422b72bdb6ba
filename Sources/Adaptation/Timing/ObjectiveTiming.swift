// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// Times the loss of a step on stored predictions, networks left out, for comparisons with other programs.
public struct ObjectiveTiming {
  /// What `benchmark objective --json` writes.
  public struct Result: Encodable {
    /// Of each evaluation, the gradients of the student's logits and of the similarities included.
    public let seconds: [Double]
    /// The terms of the loss by name.
    public let terms: [String: Double]
    /// The Euclidean norms of the gradients.
    public let logitsGradient, similaritiesGradient: Double
    /// The most memory that the evaluations held beside what was read, in bytes; where the system cannot forget
    /// an earlier peak, what they added to that.
    public let extraMemory: Int
  }

  private let objective: IAPCObjective

  /// A timing of the loss that the settings describe.
  public init(_ settings: IAPCSettings) {
    objective = IAPCObjective(settings: settings)
  }

  /// - `inputs`: a safetensors file of `student`, `source`, `similarities` (float32 [N, C, h, w]), `labels`
  ///   (uint8 [N, H, W]) and `class_weights` (float32 [C]).
  /// - `tensorwise`: whether to time the tensor form instead.
  public func run(inputs path: String, repeats: Int, tensorwise: Bool) throws -> Result {
    let file = try CheckpointFile.read(path)
    func tensor(_ name: String) throws -> Tensor {
      guard let stored = file[name] else {
        throw Problem(
          "cannot time the objective", at: path, because: "it holds no tensor \(name)",
          remedy: "write it with Benchmarks/objective.py")
      }
      return Tensor(stored)
    }
    let (student, similarities) = (try tensor("student"), try tensor("similarities"))
    let x = IAPCObjective.Predictions(
      student: student, source: try tensor("source"), labels: try tensor("labels").to(.int64),
      classWeights: try tensor("class_weights"), similarities: similarities)
    for leaf in [student, similarities] { leaf.requiresGradient = true }
    ProcessMemory.forgetPeak()
    let before = ProcessMemory.peak
    var (seconds, terms) = ([Double](), [(name: String, value: Double)]())
    for _ in 0..<max(1, repeats) {
      for leaf in [student, similarities] { leaf.clearGradient() }
      let started = ContinuousClock.now
      let loss = tensorwise ? objective.tensorLoss(x) : objective.loss(x)
      loss.backward()
      seconds.append((ContinuousClock.now - started).seconds)
      terms = loss.terms
    }
    return Result(
      seconds: seconds, terms: Dictionary(uniqueKeysWithValues: terms.map { ($0.name, $0.value) }),
      logitsGradient: student.gradient?.norm().item ?? 0,
      similaritiesGradient: similarities.gradient?.norm().item ?? 0, extraMemory: ProcessMemory.peak - before)
  }
}
