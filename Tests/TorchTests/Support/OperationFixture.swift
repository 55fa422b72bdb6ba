// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

/// One case of Fixtures/ops.safetensors, which Reference/op_fixtures.py writes with PyTorch.
struct OperationFixture {
  let name: String

  private static let all = Result { try Fixtures.tensors("ops.safetensors") }

  func stored(_ entry: String) throws -> StoredTensor {
    try #require(Self.all.get()["\(name).\(entry)"], "ops.safetensors has no \(name).\(entry)")
  }

  func tensor(_ entry: String) throws -> Tensor { Tensor(try stored(entry)) }

  /// Compares the output of `compute` and the gradients of `inputs` under the case's probe.
  func check(_ inputs: String..., compute: ([Tensor]) -> Tensor) throws {
    let leaves = try inputs.map { try tensor($0) }
    for leaf in leaves { leaf.requiresGradient = true }
    let output = compute(leaves)
    assertClose(output, try stored("output"), relative: 1e-5, absolute: 2e-6, "\(name).output")
    let probe = try tensor("probe")
    try #require(output.shape == probe.shape)
    (output * probe).sum().backward()
    for (input, leaf) in zip(inputs, leaves) {
      let gradient = try #require(leaf.gradient, "\(name) gives \(input) no gradient")
      let expected = try stored("gradient-\(input)")
      assertClose(gradient, expected, relative: 2e-5, absolute: 1e-5, "\(name).gradient-\(input)")
    }
  }
}

/// Float32 numbers in row-major order.
func floats(_ values: [Float], _ shape: Int...) -> Tensor { Tensor(values, shape: shape) }

/// Int64 numbers in row-major order.
func integers(_ values: [Int64], _ shape: Int...) -> Tensor { Tensor(values, shape: shape) }

/// The numbers of a boolean tensor.
func truths(_ tensor: Tensor) -> [Bool] { tensor.stored.bytes.map { $0 != 0 } }
