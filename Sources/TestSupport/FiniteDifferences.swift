// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

/// Compares the gradient that `backward` gives with central differences.
///
/// The function is evaluated in float64, at `point` converted to it: weights that it uses have to be float64
/// too. A function with several outputs is reduced to one by fixed unequal weights. The function is smooth
/// within `step` of the point, or the differences mean nothing.
public func finiteDifferences(
  of function: (Tensor) -> Tensor, at point: Tensor, step: Double = 1e-5, relative: Double = 1e-6,
  absolute: Double = 1e-8, sourceLocation: SourceLocation = #_sourceLocation
) {
  let start = point.detached().to(.float64).copy()
  func probed(_ x: Tensor) -> Tensor {
    let output = function(x)
    let probe = Tensor.range(output.elementCount, dtype: .float64) * 0.7 + 0.3
    return (output.to(.float64).reshaped(-1) * (probe - probe * probe * 0.01)).sum()
  }
  let leaf = start.copy()
  leaf.requiresGradient = true
  let result = probed(leaf)
  if result.requiresGradient { result.backward() }
  guard let gradient = leaf.gradient else {
    Issue.record("the function does not depend on its input", sourceLocation: sourceLocation)
    return
  }
  let numbers = start.scalars(as: Double.self)
  let differences = withoutGradients {
    numbers.indices.map { i in
      func value(_ shift: Double) -> Double {
        var moved = numbers
        moved[i] += shift
        return probed(Tensor(moved, shape: start.shape)).item
      }
      return (value(step) - value(-step)) / (2 * step)
    }
  }
  assertClose(
    gradient, differences, shape: start.shape, relative: relative, absolute: absolute,
    "against central differences", sourceLocation: sourceLocation)
}
