// SPDX-License-Identifier: Apache-2.0

/// What was measured of one class.
public struct ClassScore: Equatable, Codable, Sendable {
  /// The class's name.
  public let name: String
  /// Intersection over union; nil where the class occurs neither in labels nor in predictions.
  public let iou: Double?
  /// Labelled pixels.
  public let pixels: Int

  /// A score; nil for a class that is neither in labels nor in predictions.
  public init(name: String, iou: Double?, pixels: Int) {
    self.name = name
    self.iou = iou
    self.pixels = pixels
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    // Absent from labels and predictions: null, not a missing key.
    try container.encode(iou, forKey: .iou)
    try container.encode(pixels, forKey: .pixels)
  }

  private enum CodingKeys: String, CodingKey { case name, iou, pixels }
}
