// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// Batch nuclear norm: `sum_k sigma_k(P) / N`, the sum of the singular values of all rows of class
/// probabilities over their number; larger is better.
///
/// Large where predictions are sure and of many classes. Its largest value falls with N, as `sqrt(C / N)`:
/// compare values of as many pixels only.
/// Source: Cui et al. 2020, "Towards discriminability and diversity"; `bnm_loss.py` of pytorch-adapt.
///
/// The singular values are the roots of the eigenvalues of `P^T P`, which is a sum over the rows; so rows are
/// added as they come and none is kept.
public struct NuclearNorm {
  private var products: Tensor?
  private var rows = 0

  /// Of no pixel yet.
  public init() {}

  /// Takes rows in. Shapes: [N, C], C the same each time.
  public mutating func add(_ probabilities: Tensor) {
    let exact = probabilities.to(.float64)
    let product = exact.permuted(1, 0).matmul(exact)
    products = products.map { $0 + product } ?? product
    rows += probabilities.shape[0]
  }

  /// Of all rows so far; 0 without any.
  public var value: Double {
    guard let products, rows > 0 else { return 0 }
    let eigenvalues = symmetricEigenvalues(
      products.to(.cpu).scalars(as: Double.self), size: products.shape[0])
    return eigenvalues.reduce(0) { $0 + max(0, $1).squareRoot() } / Double(rows)
  }
}

/// The eigenvalues of a symmetric matrix, in no order: Jacobi's rotations, cyclic.
///
/// - `matrix`: `size * size` numbers in rows.
/// Source: Golub and Van Loan, "Matrix computations", 8.5.
func symmetricEigenvalues(_ matrix: [Double], size n: Int) -> [Double] {
  var a = matrix
  let whole = a.reduce(0) { $0 + $1 * $1 }
  for _ in 0..<50 {
    var beside = 0.0
    for row in 0..<n { for column in 0..<n where column != row { beside += pow(a[row * n + column], 2) } }
    // Below it the diagonal no longer changes.
    if beside <= 1e-30 * whole { break }
    for p in 0..<n { for q in p + 1..<max(n, p + 1) { rotate(&a, n, p, q) } }
  }
  return (0..<n).map { a[$0 * n + $0] }
}

/// Turns rows and columns p and q so that the number where they cross becomes 0.
private func rotate(_ a: inout [Double], _ n: Int, _ p: Int, _ q: Int) {
  let crossing = a[p * n + q]
  guard crossing != 0 else { return }
  let theta = (a[q * n + q] - a[p * n + p]) / (2 * crossing)
  let tangent = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
  let cosine = 1 / (tangent * tangent + 1).squareRoot()
  let sine = tangent * cosine
  for k in 0..<n {
    let (x, y) = (a[k * n + p], a[k * n + q])
    (a[k * n + p], a[k * n + q]) = (cosine * x - sine * y, sine * x + cosine * y)
  }
  for k in 0..<n {
    let (x, y) = (a[p * n + k], a[q * n + k])
    (a[p * n + k], a[q * n + k]) = (cosine * x - sine * y, sine * x + cosine * y)
  }
}
