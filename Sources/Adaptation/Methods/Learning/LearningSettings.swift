// SPDX-License-Identifier: Apache-2.0

import Segmentation

/// How a student learns from the loss of a method, whatever the method is.
public struct LearningSettings: Equatable, Sendable {
  /// What moves the parameters.
  public var optimizer = OptimizerChoice.sgd
  /// Steps of the body for each gradient; the released code lists its weights 3 times in the optimiser.
  public var backboneUpdates = 1
  /// The classifier's learning rate over the body's.
  public var headScale = 10.0
  /// Share of the old direction in a step, of `sgd`.
  public var momentum = 0.9
  /// How much of a parameter is added to its gradient (`sgd`), or how fast it shrinks (`adamw`).
  public var weightDecay = 5e-4
  /// What of the network learns; nil leaves it to the method: the normalisation alone in `tent`, everything in `cotta`,
  /// everything but that in the others.
  public var trained: TrainedParameters?
  /// Which statistics the student's normalisation layers use while it learns.
  public var studentNorm = NormChoice.batch
  /// What the networks compute in.
  public var precision = Precision.float32
  /// Whether normalisation by a batch's statistics takes the whole batch, where processes share it.
  public var syncBatchnorm = true
  /// Whether gradients are exchanged while backward goes on, where processes share a batch.
  public var overlap = true

  /// The released code's choices, but for repeated updates.
  public init() {}
}
