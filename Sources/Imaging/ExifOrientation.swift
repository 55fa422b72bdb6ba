// SPDX-License-Identifier: Apache-2.0

/// What becomes of the orientation that a file's EXIF tells.
public enum ExifOrientation: String, CaseIterable, Codable, Sendable {
  /// Pictures are turned as viewers turn them.
  case apply
  /// Pixels stay as they are stored.
  case ignore
}

/// How a picture is turned, by the values of EXIF's tag Orientation.
///
/// Source: EXIF 2.32, 4.6.4 A; as Pillow's `ImageOps.exif_transpose`.
enum ExifTurn: Int {
  case none = 1, mirrored, halfTurn, flipped, transposed, quarterTurn, transversed, threeQuarterTurn

  /// Whether rows become columns.
  private var exchangesSides: Bool { rawValue >= Self.transposed.rawValue }

  func size(of stored: PixelSize) -> PixelSize {
    exchangesSides ? PixelSize(width: stored.height, height: stored.width) : stored
  }

  /// Interleaved samples of a picture of that size, turned.
  func turned<Sample: BitwiseCopyable>(
    _ stored: [Sample], _ size: PixelSize, channels: Int
  ) -> [Sample] {
    guard self != .none else { return stored }
    let (start, right, down) = path(over: size)
    let result = self.size(of: size)
    return [Sample](unsafeUninitializedCapacity: stored.count) { output, count in
      stored.withUnsafeBufferPointer { stored in
        var to = 0
        for y in 0..<result.height {
          var from = channels * (start + y * down)
          for _ in 0..<result.width {
            for channel in 0..<channels { output[to + channel] = stored[from + channel] }
            to += channels
            from += channels * right
          }
        }
      }
      count = stored.count
    }
  }

  /// The stored pixel that comes first, and how many pixels on are the one to its right and the one below.
  private func path(over size: PixelSize) -> (start: Int, right: Int, down: Int) {
    let (width, last) = (size.width, size.area - 1)
    return switch self {
    case .none: (0, 1, width)
    case .mirrored: (width - 1, -1, width)
    case .halfTurn: (last, -1, -width)
    case .flipped: (last - width + 1, 1, -width)
    case .transposed: (0, width, 1)
    case .quarterTurn: (last - width + 1, -width, 1)
    case .transversed: (last, -width, -1)
    case .threeQuarterTurn: (width - 1, width, -1)
    }
  }
}
