// SPDX-License-Identifier: Apache-2.0

import Files

/// A random choice of colour operations for one picture.
///
/// Source: Cubuk et al., "AutoAugment: Learning augmentation strategies from data", 2019, table 9, the colour
/// operations.
public struct ColourPolicy: Equatable, Sendable {
  /// The operations that a policy may name.
  public enum Kind: String, Equatable, Sendable, CaseIterable {
    /// Bright values inverted, above a threshold that falls with the level.
    case solarize
    /// Each channel stretched to its full range.
    case autocontrast
    /// Each channel's histogram made even.
    case equalize
    /// The lower bits dropped, more of them with the level.
    case posterize
    /// Each value taken from 255.
    case invert
    /// More or less colour.
    case color
    /// More or less contrast.
    case contrast
    /// More or less light.
    case brightness
    /// Sharper or softer.
    case sharpness
  }

  /// An operation that happens with a probability, at a level of 0 ... 9.
  public struct Step: Equatable, Sendable {
    /// How likely it happens, 0 ... 1.
    public let probability: Double
    /// What happens.
    public let kind: Kind
    /// How strong it is, 0 ... 9.
    public let level: Int

    /// An operation of a policy; the level traps outside 0 ... 9.
    public init(_ probability: Double, _ kind: Kind, _ level: Int) {
      guard (0..<ColourPolicy.levels).contains(level) else { fatalError("level \(level) is not in 0 ... 9") }
      (self.probability, self.kind, self.level) = (probability, kind, level)
    }

    /// The operation at this level; a factor lies above 1, or below it where `lowering`.
    public func operation(lowering: Bool = false) -> ColourOperation {
      let part = Double(level) / Double(ColourPolicy.levels - 1)
      let factor = lowering ? 1 - 0.9 * part : 1 + 0.9 * part
      switch kind {
      case .solarize: return .solarize(threshold: 256 - 256 * part)
      case .autocontrast: return .autocontrast
      case .equalize: return .equalize
      case .posterize: return .posterize(bits: Int((8 - 4 * part).rounded()))
      case .invert: return .invert
      case .color: return .color(factor: factor)
      case .contrast: return .contrast(factor: factor)
      case .brightness: return .brightness(factor: factor)
      case .sharpness: return .sharpness(factor: factor)
      }
    }

    /// Whether the level is a factor's distance from 1, to either side.
    public var hasSign: Bool {
      switch kind {
      case .color, .contrast, .brightness, .sharpness: true
      default: false
      }
    }
  }

  /// How many levels there are.
  public static let levels = 10

  /// The lists of which one is drawn, each as likely as the others; one listed twice is twice as likely.
  public let subpolicies: [[Step]]

  /// A policy of at least one list.
  public init(subpolicies: [[Step]]) {
    guard !subpolicies.isEmpty else { fatalError("a colour policy needs a sub-policy") }
    self.subpolicies = subpolicies
  }

  /// Draws a sub-policy, which of its operations happen, and the side of each factor.
  public func draw(using generator: inout SeededGenerator) -> [ColourOperation] {
    let chosen = subpolicies[generator.below(subpolicies.count)]
    return chosen.compactMap { step in
      guard generator.chance(step.probability) else { return nil }
      return step.operation(lowering: step.hasSign && generator.chance(0.5))
    }
  }

  /// The picture after the operations, in their order.
  public static func apply(_ operations: [ColourOperation], to image: RGBImage) -> RGBImage {
    operations.reduce(image) { $0.applying($1) }
  }
}

extension ColourPolicy {
  /// The policy found on ImageNet, without the sub-policies that rotate or shear.
  public static let imageNet = ColourPolicy(subpolicies: [
    [Step(0.6, .solarize, 5), Step(0.6, .autocontrast, 5)],
    [Step(0.8, .equalize, 8), Step(0.6, .equalize, 3)],
    [Step(0.6, .posterize, 7), Step(0.6, .posterize, 6)],
    [Step(0.4, .equalize, 7), Step(0.2, .solarize, 4)],
    [Step(0.6, .solarize, 3), Step(0.6, .equalize, 7)],
    [Step(0.8, .posterize, 5), Step(1, .equalize, 2)],
    [Step(0.6, .equalize, 8), Step(0.4, .posterize, 6)],
    [Step(0, .equalize, 7), Step(0.8, .equalize, 8)],
    [Step(0.6, .invert, 4), Step(1, .equalize, 8)],
    [Step(0.6, .color, 4), Step(1, .contrast, 8)],
    [Step(0.8, .color, 8), Step(0.8, .solarize, 7)],
    [Step(0.4, .sharpness, 7), Step(0.6, .invert, 8)],
    [Step(0.4, .color, 0), Step(0.6, .equalize, 3)],
    [Step(0.4, .equalize, 7), Step(0.2, .solarize, 4)],
    [Step(0.6, .solarize, 5), Step(0.6, .autocontrast, 5)],
    [Step(0.6, .invert, 4), Step(1, .equalize, 8)],
    [Step(0.6, .color, 4), Step(1, .contrast, 8)],
    [Step(0.8, .equalize, 8), Step(0.6, .equalize, 3)],
  ])
}
