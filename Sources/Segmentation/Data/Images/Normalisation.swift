// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Torch

/// How a network wants its pixels: `(x - mean[c]) / std[c] * scale`, x in 0...255, channels in its own order.
///
/// Weights fit one normalisation only, so it travels with them.
public struct Normalisation: Codable, Equatable, Sendable {
  /// The order of the channels in the network's input.
  public enum ChannelOrder: String, Codable, Sendable {
    /// Red first.
    case rgb
    /// Blue first, as OpenCV and Caffe have it.
    case bgr
  }

  /// The name that `--normalisation` takes.
  public let name: String
  /// The order of the channels.
  public let order: ChannelOrder
  /// Three values, in the network's order of channels.
  public let mean: [Double]
  /// Three values, in the network's order of channels.
  public let std: [Double]
  /// What the normalised values are multiplied by.
  public let scale: Double

  /// - Throws: a `Problem` unless mean and std have three finite values each and every std is above 0.
  public init(
    name: String, order: ChannelOrder, mean: [Double], std: [Double] = [1, 1, 1], scale: Double = 1
  ) throws {
    self.init(unchecked: name, order, mean, std, scale)
    try check()
  }

  /// The normalisation of these numbers, under the name of a known one that has them, or else under what
  /// `--normalisation` takes for them.
  ///
  /// - Throws: as with a name.
  public init(order: ChannelOrder, mean: [Double], std: [Double], scale: Double = 1) throws {
    let found = try Normalisation(
      name: NormalisationText.text(order, mean, std, scale), order: order, mean: mean, std: std, scale: scale)
    self = (Self.known + Self.known.map(\.swapped)).first(where: found.isClose(to:)) ?? found
  }

  private init(
    unchecked name: String, _ order: ChannelOrder, _ mean: [Double], _ std: [Double], _ scale: Double
  ) {
    self.name = name
    self.order = order
    self.mean = mean
    self.std = std
    self.scale = scale
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let order = try container.decodeIfPresent(ChannelOrder.self, forKey: .order) ?? .rgb
    let mean = try container.decode([Double].self, forKey: .mean)
    let std = try container.decodeIfPresent([Double].self, forKey: .std) ?? [1, 1, 1]
    let scale = try container.decodeIfPresent(Double.self, forKey: .scale) ?? 1
    if let name = try container.decodeIfPresent(String.self, forKey: .name) {
      try self.init(name: name, order: order, mean: mean, std: std, scale: scale)
    } else {
      try self.init(order: order, mean: mean, std: std, scale: scale)
    }
    guard !mean.allSatisfy({ abs($0) <= 1 }) || !std.allSatisfy({ $0 < 1 }) else {
      throw Problem(
        "cannot use the normalisation", at: self.name,
        because: "its mean and std are of pixels in 0 to 1, expected those of pixels in 0 to 255",
        remedy: "multiply them by 255")
    }
  }

  private func check() throws {
    let finite = (mean + std + [scale]).allSatisfy(\.isFinite)
    guard mean.count == 3, std.count == 3, finite, std.allSatisfy({ $0 > 0 }) else {
      throw Problem(
        "cannot use the normalisation", at: name,
        because: "expected 3 finite means and 3 finite deviations above 0, "
          + "found means \(mean), deviations \(std), scale \(scale)",
        remedy: "correct these numbers")
    }
  }

  /// Caffe-style DeepLabV2 weights: BGR, 0...255, minus the mean.
  public static let caffe = Normalisation(
    unchecked: "caffe", .bgr, [104.00698793, 116.66876762, 122.67891434], [1, 1, 1], 1)

  /// torchvision's weights: RGB / 255, ImageNet's mean and deviation.
  public static let imageNet = Normalisation(
    unchecked: "imageNet", .rgb, [123.675, 116.28, 103.53], [58.395, 57.12, 57.375], 1)

  /// ESPNet's published Cityscapes weights: BGR, normalised, then divided by 255.
  public static let espnetCityscapes = Normalisation(
    unchecked: "espnetCityscapes", .bgr, [72.3923111, 82.90893555, 73.15840149],
    [45.3192215, 46.15289307, 44.91483307], 1 / 255)

  /// Pixels as they are, RGB in 0...255: for networks that normalise by themselves.
  public static let pixels = Normalisation(unchecked: "pixels", .rgb, [0, 0, 0], [1, 1, 1], 1)

  /// Those of published weights.
  public static let published = [caffe, imageNet, espnetCityscapes]

  /// The normalisations that have a name on the command line.
  public static let known = published + [pixels]

  /// The brightness and contrast of the images that the weights were trained on, as far as the normalisation tells:
  /// the means of its means and deviations. Deviations that are all 1 are none, and leave the contrast; means that are
  /// all 0 tell nothing.
  public var exposure: Exposure? {
    guard !mean.allSatisfy({ $0 == 0 }) else { return nil }
    return Exposure(
      mean: mean.reduce(0, +) / 3, deviation: std.allSatisfy { $0 == 1 } ? nil : std.reduce(0, +) / 3)
  }

  /// The same numbers, channel by channel, for colours that come in the other order: a common mistake.
  public var swapped: Normalisation {
    let other = ChannelOrder.rgb == order ? ChannelOrder.bgr : .rgb
    let turned =
      name.contains("=")
      ? NormalisationText.text(other, mean.reversed(), std.reversed(), scale) : "\(name)-\(other.rawValue)"
    return Normalisation(unchecked: turned, other, mean.reversed(), std.reversed(), scale)
  }

  /// The known normalisation of a name, or one with its colours in the other order: "caffe-rgb"; or that of numbers:
  /// "mean=123.675/116.28/103.53,std=58.395/57.12/57.375,bgr,scale=1/255", or a JSON object of `mean`, `std`, `order`
  /// and `scale`.
  ///
  /// - Throws: a `Problem` that lists the known names, or tells what is wrong with the numbers.
  public static func named(_ name: String) throws -> Normalisation {
    if let found = (known + known.map(\.swapped)).first(where: { $0.name == name }) { return found }
    if name.hasPrefix("{"), name.contains("\"") { return try decoded(name) }
    if name.contains(where: { "=:".contains($0) }) { return try NormalisationText(name).normalisation() }
    let found = unknownName(name, of: "normalisation", known: known.map(\.name))
    throw Problem(
      found.what, at: found.place, because: found.why,
      remedy: "\(found.remedy), or give its numbers: \(NormalisationText.example)")
  }

  private static func decoded(_ json: String) throws -> Normalisation {
    do { return try JSONDecoder().decode(Normalisation.self, from: Data(json.utf8)) } catch {
      if let problem = error as? Problem { throw problem }
      throw Problem(
        "cannot use the normalisation", at: String(json.prefix(80)),
        because: "it is no JSON object of numbers as iapc has them",
        remedy:
          #"write it as {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "order": "rgb"}"#
      )
    }
  }

  /// Whether the numbers are the same but for what a multiplication by 255 rounds.
  func isClose(to other: Normalisation) -> Bool {
    order == other.order
      && zip(mean + std + [scale], other.mean + other.std + [other.scale]).allSatisfy {
        abs($0 - $1) <= 1e-9 * max(abs($0), abs($1))
      }
  }

  /// Writes an image as the network's input.
  ///
  /// Shapes: `buffer` [3, H, W], so it holds exactly `3 * width * height` values.
  public func write(_ image: RGBImage, into buffer: UnsafeMutableBufferPointer<Float>) {
    let area = image.size.area
    guard buffer.count == 3 * area else {
      fatalError("an image of \(image.size) needs a buffer of \(3 * area) floats, got \(buffer.count)")
    }
    let table = tables
    image.pixels.withUnsafeBufferPointer { pixels in
      table.withUnsafeBufferPointer { table in
        for channel in 0..<3 {
          let values = UnsafeBufferPointer(rebasing: table[256 * channel..<256 * channel + 256])
          let plane = UnsafeMutableBufferPointer(rebasing: buffer[area * channel..<area * (channel + 1)])
          var source = order == .rgb ? channel : 2 - channel
          for i in 0..<area {
            plane[i] = values[Int(pixels[source])]
            source += 3
          }
        }
      }
    }
  }

  /// Images of one size as a network's input, float32 [N, 3, H, W] on the CPU.
  public func batch(_ images: [RGBImage]) -> Tensor {
    guard let size = images.first?.size else { fatalError("a batch needs an image") }
    let plane = 3 * size.area
    return Tensor.filled([images.count, 3, size.height, size.width]) { buffer in
      for (i, image) in images.enumerated() {
        guard image.size == size else { fatalError("a batch of images of \(size) and \(image.size)") }
        write(image, into: UnsafeMutableBufferPointer(rebasing: buffer[i * plane..<(i + 1) * plane]))
      }
    }
  }

  /// The input value of each byte, 256 for each of the network's channels in turn.
  private var tables: [Float] {
    (0..<3).flatMap { channel in
      (0..<256).map { Float((Double($0) - mean[channel]) / std[channel] * scale) }
    }
  }
}
