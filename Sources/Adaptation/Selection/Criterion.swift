// SPDX-License-Identifier: Apache-2.0

/// A number that says something of a network's predictions without a label.
public enum Criterion: String, CaseIterable, Codable, Sendable {
  /// Information maximisation, in nats.
  case im
  /// Soft neighbourhood density, in nats.
  case snd
  /// Nuclear norm of the class probabilities over the number of pixels.
  case bnm
  /// Share of pixels whose class survives mixing in another image.
  case mixval
  /// Mean IoU with the classes of the image mirrored and made smaller.
  case geometric
  /// Share of pixels on which the mean prediction of all candidates agrees.
  case ensemble
  /// The mean entropy of a pixel, in nats.
  case entropy
  /// Divergence of the class shares from those at the start, in nats.
  case drift

  /// What it measures, in one clause with its unit.
  public var words: String {
    switch self {
    case .im: "information maximisation, in nats: sure of each pixel, and not of one class everywhere"
    case .snd: "soft neighbourhood density, in nats: each pixel has many that are predicted alike"
    case .bnm: "nuclear norm of the class probabilities over the number of pixels"
    case .mixval: "share of pixels whose class survives mixing in 45 % of another image"
    case .geometric: "mean IoU with the classes of the image mirrored and at 3/4 of its size"
    case .ensemble: "share of pixels on which the mean prediction of all candidates agrees"
    case .entropy: "mean entropy of a pixel, in nats: small where the network is sure; shown, ranks nothing"
    case .drift: "KL of the class shares now from those at the start, in nats; a guard"
    }
  }

  /// Whether a larger value speaks for a network.
  public var prefersLarger: Bool { self != .entropy && self != .drift }
}
