// SPDX-License-Identifier: Apache-2.0

import Torch

/// The loss of a step as numbers, and the way back from it to the student.
public struct StepLoss {
  /// Multiplied by their weights, in the order of the method's description.
  public let terms: [(name: String, value: Double)]
  /// Where the gradient of the terms' sum is known, and what it is there.
  public let roots: [(tensor: Tensor, gradient: Tensor)]

  /// A loss whose gradients are known already.
  public init(terms: [(name: String, value: Double)], roots: [(tensor: Tensor, gradient: Tensor)]) {
    (self.terms, self.roots) = (terms, roots)
  }

  /// The sum of scalars that have their weights multiplied in.
  public init(_ terms: [(name: String, term: Tensor)]) {
    let total = terms.dropFirst().reduce(terms.first?.term) { sum, next in sum.map { $0 + next.term } }
    self.init(
      terms: terms.map { ($0.name, $0.term.item) },
      roots: total.map { [($0, Tensor.ones([], dtype: $0.dtype, on: $0.device))] } ?? [])
  }

  /// The sum of the terms.
  public var total: Double { terms.reduce(0) { $0 + $1.value } }

  /// The same with the terms of all parts of the batch added up; the roots stay this part's.
  package func added(over group: ProcessGroup, names: [String]) -> StepLoss {
    let own = Dictionary(uniqueKeysWithValues: terms.map { ($0.name, $0.value) })
    let values = group.sum(names.map { own[$0] ?? 0 })
    return StepLoss(terms: Array(zip(names, values)).map { ($0, $1) }, roots: roots)
  }

  /// Adds the gradients of the terms' sum into those of the student's parameters.
  public func backward() {
    Tensor.backward(from: roots)
  }
}
