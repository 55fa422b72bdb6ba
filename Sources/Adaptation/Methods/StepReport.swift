// SPDX-License-Identifier: Apache-2.0

/// What one step found.
public struct StepReport: Sendable {
  /// The loss: the sum of the terms.
  public let total: Double
  /// Each term of the loss, multiplied by its weight, in the order of the method's description.
  public let terms: [(name: String, value: Double)]
  /// The weight of each class in this step; empty where the method has none.
  public internal(set) var classWeights: [Double]
  /// The Euclidean norm of the gradient over all parameters; nil where the method takes none.
  public let gradientNorm: Double?
  /// Whether the network took the step; it takes none from a loss or a gradient that is no number.
  public let isApplied: Bool

  /// A report of a step.
  public init(
    total: Double, terms: [(name: String, value: Double)], classWeights: [Double] = [],
    gradientNorm: Double? = nil, isApplied: Bool = true
  ) {
    self.total = total
    self.terms = terms
    self.classWeights = classWeights
    self.gradientNorm = gradientNorm
    self.isApplied = isApplied
  }

  /// The names of what is no number in it: terms, "gradient".
  public var notFinite: [String] {
    let names = terms.filter { !$0.value.isFinite }.map(\.name)
    return names + (gradientNorm?.isFinite == false ? ["gradient"] : [])
  }
}
