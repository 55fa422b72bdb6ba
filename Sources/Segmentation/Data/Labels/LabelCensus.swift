// SPDX-License-Identifier: Apache-2.0

import Imaging

/// How many pixels of a label file hold each class, and which ids it holds that its label space lacks.
public struct LabelCensus: Equatable, Sendable {
  /// Width and height of the label file in pixels.
  public let size: PixelSize
  /// In the label space's order.
  public let classPixels: [Int]
  /// Pixels without a class.
  public let ignoredPixels: Int
  /// Pixels of each unknown id.
  public let unknown: [Int: Int]
}

extension LabelSpace {
  /// Counts a label file's pixels.
  ///
  /// - Throws: a `Problem` for a file that cannot be read; unknown ids are counted.
  public func census(of path: String, exif: ExifOrientation = .apply) throws -> LabelCensus {
    let image = try ImageFile.readIndices(path, exif: exif)
    let first = try idChannel(of: image, path: path)
    var counts = [Int](repeating: 0, count: 1 << 16)
    counts.withUnsafeMutableBufferPointer { counts in
      image.values.withUnsafeBufferPointer { ids in
        for i in stride(from: first, to: ids.count, by: image.channels) { counts[Int(ids[i])] += 1 }
      }
    }
    var (classes, ignored) = ([Int](repeating: 0, count: count), 0)
    var unknown: [Int: Int] = [:]
    for (id, pixels) in counts.enumerated() where pixels > 0 {
      if let index = indices[id] {
        classes[index] += pixels
      } else if ignoredIDs.contains(id) {
        ignored += pixels
      } else {
        unknown[id] = pixels
      }
    }
    return LabelCensus(size: image.size, classPixels: classes, ignoredPixels: ignored, unknown: unknown)
  }
}
