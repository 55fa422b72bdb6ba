// SPDX-License-Identifier: Apache-2.0

/// The place of each value among all, 1 for the largest; equal values share the mean of their places. A value
/// that is not there, or no number, comes last.
public func ranks(_ values: [Double?]) -> [Double] {
  let known = values.map { value in value.flatMap { $0.isNaN ? nil : $0 } ?? -.infinity }
  return known.map { value in
    let (above, equal) = (known.count { $0 > value }, known.count { $0 == value })
    return Double(above) + Double(equal + 1) / 2
  }
}

/// Spearman's rank correlation: Pearson's correlation of the two values' ranks, -1 to 1.
///
/// Pairs that lack a value are left out; nil where fewer than 2 are left, or all values of a side are equal.
public func spearman(_ x: [Double?], _ y: [Double?]) -> Double? {
  let pairs = zip(x, y).compactMap { pair -> (Double, Double)? in
    guard let x = pair.0, let y = pair.1, !x.isNaN, !y.isNaN else { return nil }
    return (x, y)
  }
  guard pairs.count > 1 else { return nil }
  let (first, second) = (ranks(pairs.map(\.0)), ranks(pairs.map(\.1)))
  let mean = Double(pairs.count + 1) / 2
  func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
  }
  let spread = (product(first, first) * product(second, second)).squareRoot()
  return spread > 0 ? product(first, second) / spread : nil
}
