// SPDX-License-Identifier: Apache-2.0

/// A brightness and contrast that pictures are brought to, so that those of dusk and of glaring noon are alike.
public struct Exposure: Equatable, Sendable {
  /// The mean of all values of all channels, 0 ... 255.
  public let mean: Double
  /// Their standard deviation; nil leaves a picture's own.
  public let deviation: Double?

  /// Contrast grows by at most this: what is next to black stays dark.
  private static let most = 4.0

  /// An exposure of a mean and a deviation.
  public init(mean: Double, deviation: Double?) {
    (self.mean, self.deviation) = (mean, deviation)
  }

  /// The picture at this exposure: all channels by one line, so that colours keep their hue; rounded and kept in
  /// 0 ... 255. A picture of one colour keeps it.
  public func callAsFunction(_ image: RGBImage) -> RGBImage {
    let histogram = Histogram(image)
    var (sum, squares) = (0.0, 0.0)
    for (i, count) in histogram.counts.enumerated() {
      let value = Double(i % 256)
      sum += value * Double(count)
      squares += value * value * Double(count)
    }
    let total = Double(max(1, image.pixels.count))
    let own = sum / total
    let spread = (squares / total - own * own).squareRoot()
    guard spread > 0.5 else { return image }
    let factor = min(Self.most, (deviation ?? spread) / spread)
    return image.looked(up: ChannelTables(multiplyingBy: factor, adding: mean - own * factor))
  }
}

extension RGBImage {
  /// The picture at an exposure; as it is where that is nil.
  public func exposed(_ exposure: Exposure?) -> RGBImage { exposure.map { $0(self) } ?? self }
}
