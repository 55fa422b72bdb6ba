// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Where the pseudo-labels of target images come from: the only labels that adaptation can be given.
public protocol PseudoLabelSource: Sendable {
  /// The classes that the source network gave to the pixels of an image, at any size of the image's shape.
  func label(named name: String) throws -> LabelMap
}

/// No class for any pixel, for methods that take no pseudo-labels.
public struct NoPseudoLabels: PseudoLabelSource {
  /// Labels that are all ignored.
  public init() {}

  public func label(named name: String) throws -> LabelMap {
    LabelMap(size: PixelSize(width: 1, height: 1), pixels: [LabelMap.ignored])
  }
}

/// Pseudo-labels kept in memory, one byte a pixel.
public struct PseudoLabelTable: PseudoLabelSource {
  private let maps: [String: LabelMap]

  /// - Parameter maps: the label maps by the names of their images.
  public init(_ maps: [String: LabelMap]) {
    self.maps = maps
  }

  public func label(named name: String) throws -> LabelMap {
    if let map = maps[name] { return map }
    throw Problem(
      "an image has no pseudo-label", at: name, because: "the table holds \(maps.count) others",
      remedy: "make the pseudo-labels of this list of images again")
  }
}
