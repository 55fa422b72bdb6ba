// SPDX-License-Identifier: Apache-2.0

import Torch

/// How often each candidate says what the mean prediction of all candidates says; larger is better.
///
/// The mean of several networks is most often better than each of them, so being near to it is worth
/// something. It needs several candidates, and follows the majority wherever that goes.
/// Source: Hu et al. 2024, "Towards reliable model selection for UDA" (EnsV), with the share of
/// agreeing pixels as the measure.
public struct EnsembleAgreement {
  private var sum: Tensor?
  /// The class of each pixel, by candidate. uint8 [N].
  private var classes: [Tensor] = []

  /// Of no candidate yet.
  public init() {}

  /// Takes a candidate in. Shapes: class probabilities of the same pixels in the same order each time, [N, C].
  public mutating func add(_ probabilities: Tensor) {
    sum = sum.map { $0 + probabilities } ?? probabilities
    classes.append(probabilities.argmax(1).to(.uint8))
  }

  /// The share of agreeing pixels of each candidate, in the order in which they came.
  public var values: [Double] {
    guard let sum else { return [] }
    let mean = sum.argmax(1).to(.uint8)
    return classes.map { $0.equals(mean).to(.float64).mean().item }
  }
}
