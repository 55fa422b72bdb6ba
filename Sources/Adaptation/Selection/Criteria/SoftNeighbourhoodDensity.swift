// SPDX-License-Identifier: Apache-2.0

import Torch

/// Soft neighbourhood density, in nats: how many other pixels each pixel's prediction is close to; larger is
/// better.
///
/// `-(1/N) sum_i sum_{j != i} S_ij log S_ij` with `S_ij = softmax over j != i of f_i . f_j / temperature` and
/// `f_i = p_i / norm(p_i)`. Where pixels of a class are alike, and unlike those of others, each has many
/// neighbours that are equally near. Where all pixels are alike it has its largest value, `log(N - 1)`: it
/// cannot see collapse.
/// Shapes: [N, C], N at least 2 -> a number of 0 to log(N - 1).
/// Source: Saito et al. 2021, "Tune it the right way"; `nc_ps/eval.py` of VisionLearningGroup/SND. Its code
/// for segmentation keeps the diagonal, the paper and this do not.
public func softNeighbourhoodDensity(_ probabilities: Tensor, temperature: Double = 0.05) -> Double {
  let count = probabilities.shape[0]
  let features = probabilities / probabilities.norm(1, keepingAxes: true).clamped(from: 1e-12)
  let itself = Tensor.range(count, on: probabilities.device).oneHot(classes: count).equals(1)
  // So low that its share is exactly 0, and finite, for 0 times its logarithm is to be 0.
  let similarities = (features.matmul(features.permuted(1, 0)) / temperature).replaced(
    where: itself, with: -1e4)
  return -(similarities.softmax(1) * similarities.logSoftmax(1)).sum(1).mean().item
}
