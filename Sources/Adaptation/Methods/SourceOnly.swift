// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// The source network as it is: what every other method is to be held against.
///
/// With `batch_norm.final: target` it is adaptive batch normalisation (Li et al. 2018): the same weights with
/// statistics of the target images.
public final class SourceOnly: AdaptationMethod {
  public let student: any Segmenter

  /// - `network`: stays as it is.
  public init(_ network: any Segmenter) {
    student = network
  }

  /// Takes no step.
  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    StepReport(total: 0, terms: [])
  }

  public var state: [(name: String, tensor: StoredTensor)] {
    student.store.state.under("student.")
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    student.store.load(state.part("student."))
  }
}
