// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Test-time entropy minimisation: only the normalisation layers' weights and biases learn, from how sure the
/// network is of each pixel of the plain images.
///
/// It takes no label, and nothing keeps it from being surely wrong: see `CollapseAlarm`.
/// Source: Wang, Shelhamer, Liu, Olshausen, Darrell 2021 (Tent), ICLR, equation 1 and section 3.2.
public final class Tent: LearningMethod {
  public let learner: StudentLearner

  /// - `network`: becomes the student.
  /// - `peers`: the processes that each take a part of every batch; nil for a process by itself.
  public init(
    _ network: any Segmenter, learning: LearningSettings = LearningSettings(), peers: Peers? = nil
  ) {
    learner = StudentLearner(network, learning, trained: .normalisation, peers: peers)
  }

  public func step(_ batch: TargetBatch, learningRate: Double) -> StepReport {
    learner.step(learningRate: learningRate) {
      let logits = learner.predict(batch.images).logits
      let loss = StepLoss([("entropy", learner.share(of: batch.images) * Tent.entropy(logits))])
      return learner.shared(loss)
    }
  }

  /// The mean entropy of the pixels' class distributions, in nats. Shapes: logits [N, C, H, W] -> [].
  package static func entropy(_ logits: Tensor) -> Tensor {
    -(logits.softmax(1) * logits.logSoftmax(1)).sum(1).mean()
  }
}
