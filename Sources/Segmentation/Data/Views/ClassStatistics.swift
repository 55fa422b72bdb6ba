// SPDX-License-Identifier: Apache-2.0

import Imaging
import Synchronization

/// How many pixels of each class the label files of a data set hold.
public struct ClassStatistics: Equatable, Sendable {
  /// `counts[image][class]`
  public let counts: [[Int]]
  /// The pixels of each image, those without a class too.
  public let areas: [Int]

  /// Statistics of counted pixels: a row of class counts for each image, and each image's area in pixels.
  public init(counts: [[Int]], areas: [Int]) {
    self.counts = counts
    self.areas = areas
  }

  /// Each class's share of all pixels that have a class.
  public var shares: [Double] {
    var sums = [Int](repeating: 0, count: counts.first?.count ?? 0)
    for image in counts { for (index, count) in image.enumerated() { sums[index] += count } }
    let total = Double(max(1, sums.reduce(0, +)))
    return sums.map { Double($0) / total }
  }
}

extension LabelledImages {
  /// Counts the classes of every label file, on all cores.
  ///
  /// - `shouldStop`: asked now and then; files not read by then count nothing.
  /// - Throws: the `Problem` of the first label file that cannot be read.
  public func classStatistics(shouldStop: () -> Bool = { false }) throws -> ClassStatistics {
    let empty = [Int](repeating: 0, count: space.count)
    let found = Mutex(([[Int]](repeating: empty, count: count), [Int](repeating: 0, count: count)))
    try checkEach(count, shouldStop: shouldStop) { index in
      let label = try space.read(entries[index].labelPath)
      let counts = Array(label.counts(in: label.size.bounds).prefix(space.count))
      found.withLock { ($0.0[index], $0.1[index]) = (counts, label.size.area) }
    }
    return found.withLock { ClassStatistics(counts: $0.0, areas: $0.1) }
  }
}

extension LabelMap {
  /// How many pixels of a rectangle have each of the 256 values; the last are those without a class.
  package func counts(in rect: PixelRect) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    counts.withUnsafeMutableBufferPointer { counts in
      pixels.withUnsafeBufferPointer { pixels in
        for y in rect.y..<rect.y + rect.size.height {
          let start = y * width + rect.x
          for i in start..<start + rect.size.width { counts[Int(pixels[i])] += 1 }
        }
      }
    }
    return counts
  }
}
