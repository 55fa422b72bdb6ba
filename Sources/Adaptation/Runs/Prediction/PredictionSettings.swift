// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// How an image is brought to the network's input size.
public enum Interpolation: String, SettingChoice {
  /// Antialiased, as Pillow's `BICUBIC`.
  case bicubic
  /// Not antialiased, as OpenCV's `INTER_LINEAR`.
  case bilinear
}

/// Windows that slide over an image, so that a network sees a part of it at a time.
///
/// The memory that the network needs is that of one window, whatever the image's size. Beside it there are
/// the scores of a row of windows, across the image's width; of the whole image where there are several
/// passes, or where scores are compared at another size than the network's input.
public struct Tiling: Equatable, Sendable {
  /// A window's size in pixels of the network's input.
  public var size: PixelSize
  /// Pixels that neighbours share along each axis, at least.
  public var overlap: Int

  /// - `overlap`: half of the shorter side where nil.
  public init(size: PixelSize, overlap: Int? = nil) {
    self.size = size
    self.overlap = overlap ?? min(size.width, size.height) / 2
  }

  /// The windows of an image, rows from the top. All have one size; the last of a row or column is moved
  /// inwards, so that nothing is padded.
  ///
  /// - `multiple`: what the network's input sizes are multiples of, the image's too; windows begin there.
  /// - `least`: what sides of the network's inputs are at least, the image's too.
  package func places(in image: PixelSize, multiple: Int, least: Int = 1) -> [PixelRect] {
    let columns = Self.starts(image.width, max(least, size.width), overlap, multiple)
    let rows = Self.starts(image.height, max(least, size.height), overlap, multiple)
    let window = PixelSize(width: columns.length, height: rows.length)
    return rows.starts.flatMap { y in columns.starts.map { PixelRect(x: $0, y: y, size: window) } }
  }

  private static func starts(
    _ whole: Int, _ wanted: Int, _ overlap: Int, _ multiple: Int
  ) -> (starts: [Int], length: Int) {
    let length = min(whole, (wanted + multiple - 1) / multiple * multiple)
    let step = max(multiple, (length - overlap) / multiple * multiple)
    let last = whole - length
    return (Array(stride(from: 0, to: last, by: step)) + [last], length)
  }
}

/// How a network is asked for a label map.
public struct PredictionSettings: Equatable, Sendable {
  /// The network's input size at scale 1; nil for each image's own, rounded to what the network takes.
  public var size: PixelSize?
  /// Factors of that size; where there are several, their probabilities are summed.
  public var scales = [1.0]
  /// Whether mirrored images are summed too.
  public var mirror = false
  /// How images are brought to the input size.
  public var interpolation = Interpolation.bicubic
  /// Whether bilinear upsampling of the scores puts the corner pixels' centres on each other.
  public var alignCorners = true
  /// Whether scores go to the input's size first and from there to the label's, in two steps.
  public var throughInputSize = false
  /// Windows of the scaled image; nil for the whole image at once.
  public var tiling: Tiling?
  /// Which statistics normalisation layers use.
  public var mode = Mode.evaluation
  /// What the network computes in; scores are compared in float32.
  public var precision = Precision.float32

  /// One pass at each image's own size with stored statistics, unless said otherwise.
  public init(size: PixelSize? = nil, scales: [Double] = [1], mirror: Bool = false, mode: Mode = .evaluation)
  {
    self.size = size
    self.scales = scales
    self.mirror = mirror
    self.mode = mode
  }

  /// Forward passes of an image; of a window of it, where there are windows.
  public var passes: Int { scales.count * (mirror ? 2 : 1) }

  /// All that a label map depends on, as text.
  var fingerprint: String {
    let tiles = tiling.map { "tiles \($0.size) \($0.overlap)" } ?? ""
    let parts = [
      size?.description ?? "own", scales.settingText, mirror ? "mirrored" : "plain", interpolation.rawValue,
      alignCorners ? "corners" : "centres", throughInputSize ? "two steps" : "", tiles, "\(mode)",
    ]
    return (parts + (precision == .float32 ? [] : [precision.rawValue])).joined(separator: "\n")
  }
}
