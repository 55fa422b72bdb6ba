// SPDX-License-Identifier: Apache-2.0

/// What normalisation layers do in a forward pass.
public enum Mode: Equatable, Sendable {
  /// Stored statistics; nothing changes.
  case evaluation
  /// The batch's statistics; the stored ones move towards them.
  case training
  /// The batch's statistics; nothing changes.
  case batchStatistics
  /// The batch's statistics; they enter the stored ones with this share, instead of the layer's own.
  case estimating(share: Double)
}
