// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

/// Records an issue unless `actual` has the shape, the type and nearly the values of `expected`.
///
/// A value agrees where it is off by no more than `absolute + relative * |expected|`; both 0 ask for
/// equality. Two values that are not numbers agree. The issue names the worst element.
public func assertClose(
  _ actual: Tensor, _ expected: StoredTensor, relative: Double = 1e-5, absolute: Double = 1e-6,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = actual.stored
  let difference =
    if found.shape != expected.shape {
      "the shape is \(found.shape), expected \(expected.shape)"
    } else if found.dtype != expected.dtype {
      "the type is \(found.dtype), expected \(expected.dtype)"
    } else {
      worst(values(found), values(expected), relative, absolute, found.shape)
    }
  record(difference, comment, sourceLocation)
}

public func assertClose(
  _ actual: Tensor, _ expected: Tensor, relative: Double = 1e-5, absolute: Double = 1e-6,
  _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  assertClose(
    actual, expected.stored, relative: relative, absolute: absolute, comment, sourceLocation: sourceLocation)
}

/// The same against row-major numbers, whatever the tensor's type; `shape` is compared where it is given.
public func assertClose(
  _ actual: Tensor, _ expected: [Double], shape: [Int]? = nil, relative: Double = 1e-5,
  absolute: Double = 1e-6, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = actual.stored
  let difference =
    if let shape, found.shape != shape {
      "the shape is \(found.shape), expected \(shape)"
    } else if actual.elementCount != expected.count {
      "there are \(actual.elementCount) values, expected \(expected.count)"
    } else {
      worst(values(found), expected, relative, absolute, found.shape)
    }
  record(difference, comment, sourceLocation)
}

/// The elements as doubles, whatever their type.
public func values(_ stored: StoredTensor) -> [Double] {
  Tensor(stored).to(.float64).scalars()
}

private func record(_ difference: String?, _ comment: String, _ location: SourceLocation) {
  guard let difference else { return }
  let text = comment.isEmpty ? difference : "\(comment): \(difference)"
  Issue.record(Comment(rawValue: text), sourceLocation: location)
}

/// Tells the element that exceeds its tolerance the most; nil where none does.
private func worst(
  _ found: [Double], _ expected: [Double], _ relative: Double, _ absolute: Double, _ shape: [Int]
) -> String? {
  var (place, excess, count) = (0, -Double.infinity, 0)
  for (i, (x, y)) in zip(found, expected).enumerated() where x != y && !(x.isNaN && y.isNaN) {
    let tolerance = absolute + relative * abs(y)
    let over = (x - y).isFinite ? abs(x - y) - tolerance : .infinity
    guard over > 0 else { continue }
    count += 1
    if over > excess { (place, excess) = (i, over) }
  }
  guard count > 0 else { return nil }
  return "\(count) of \(found.count) values differ, the worst at \(position(place, shape)): \(found[place]), "
    + "expected \(expected[place])"
}

/// The indices along each axis of the element that stands at `place` in row-major order.
private func position(_ place: Int, _ shape: [Int]) -> [Int] {
  var (rest, indices) = (place, [Int]())
  for size in shape.reversed() {
    indices.append(rest % size)
    rest /= size
  }
  return indices.reversed()
}
