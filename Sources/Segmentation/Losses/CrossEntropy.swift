// SPDX-License-Identifier: Apache-2.0

import Imaging
import Torch

/// The label of pixels that no loss counts, as tensors hold it.
public let ignoredLabel = Int(LabelMap.ignored)

/// The cross-entropy of each pixel, 0 where the label is ignored.
///
/// Shapes: log-probabilities [N, C, H, W], int64 labels [N, H, W], class weights [C] -> [N, H, W].
public func crossEntropyMap(
  _ logProbabilities: Tensor, _ labels: Tensor, classWeights: Tensor? = nil
) -> Tensor {
  logProbabilities.negativeLogLikelihood(of: labels, classWeights: classWeights, ignoring: ignoredLabel)
}

/// The mean cross-entropy over the pixels whose label is not ignored, each counting with its class's weight;
/// 0 where all are ignored. As `torch.nn.functional.cross_entropy` has it.
///
/// Shapes: logits [N, C, H, W], int64 labels [N, H, W], class weights [C] -> scalar.
public func crossEntropy(_ logits: Tensor, _ labels: Tensor, classWeights: Tensor? = nil) -> Tensor {
  let sum = crossEntropyMap(logits.logSoftmax(1), labels, classWeights: classWeights).sum()
  let counted = labels.equals(Double(ignoredLabel)).not().to(.float32)
  guard let classWeights else { return sum / counted.sum().clamped(from: 1) }
  let known = labels.replaced(where: labels.equals(Double(ignoredLabel)), with: 0).reshaped(-1)
  let weights = classWeights.selecting(known, along: 0).reshaped(labels.shape) * counted
  return sum / weights.sum().clamped(from: 1e-12)
}
