// SPDX-License-Identifier: Apache-2.0

import Torch

/// What a network computes in. Weights, losses, statistics and the optimiser are float32 in any case.
public enum Precision: String, CaseIterable, Sendable {
  /// Single precision.
  case float32
  /// Half the memory and twice the speed where the processor has instructions for it.
  case bfloat16

  /// The type of tensors in this precision.
  public var type: DType { self == .float32 ? .float32 : .bfloat16 }
}
