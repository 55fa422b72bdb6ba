// SPDX-License-Identifier: Apache-2.0

import Torch

/// The entropy of each pixel's class distribution, in nats: `-sum_c p_c log(p_c + 1e-5)`.
///
/// Shapes: probabilities [N, C, H, W] -> [N, H, W]. Source: Cao et al. 2024, the information-maximisation
/// term.
public func entropyMap(_ probabilities: Tensor) -> Tensor {
  -(probabilities * (probabilities + 1e-5).log()).sum(1)
}
