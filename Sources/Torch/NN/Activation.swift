// SPDX-License-Identifier: Apache-2.0

/// A rectifier with a learned slope a channel for negative values.
///
/// Source: He et al. 2015, "Delving deep into rectifiers", eq. 1.
public struct ParametricReLU {
  private let weight: Tensor

  /// Declares `weight` [channels], started at 0.25.
  public init(_ scope: Scope, _ channels: Int) {
    weight = scope.parameter("weight", [channels], .constant(0.25))
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { x.prelu(weight) }
}
