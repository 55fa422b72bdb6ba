// SPDX-License-Identifier: Apache-2.0

import Imaging

/// Counts of pixels by true and predicted class, and the scores that follow from them.
///
/// Source: the Cityscapes evaluation, IoU = TP / (TP + FP + FN); false positives come from labelled pixels
/// only.
public struct ConfusionMatrix: Equatable, Sendable {
  /// How many classes there are.
  public let classCount: Int
  /// `counts[t * classCount + p]`: pixels of true class t predicted as p.
  public private(set) var counts: [Int]
  /// Pixels of each true class predicted as no class of the space: misses that are nobody's false positive.
  public private(set) var unmapped: [Int]

  /// A matrix without pixels.
  public init(classCount: Int) {
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
    unmapped = [Int](repeating: 0, count: classCount)
  }

  /// A matrix of counts kept earlier; nil where they are not square, not one for each class, negative or
  /// more together than pixels can be.
  ///
  /// - `unmapped`: none where nil.
  public init?(rows: [[Int]], unmapped: [Int]? = nil) {
    guard !rows.isEmpty, rows.allSatisfy({ $0.count == rows.count }),
      unmapped?.count ?? rows.count == rows.count,
      Self.isCountable(rows.joined() + (unmapped ?? []))
    else { return nil }
    classCount = rows.count
    counts = Array(rows.joined())
    self.unmapped = unmapped ?? [Int](repeating: 0, count: rows.count)
  }

  private static func isCountable(_ counts: [Int]) -> Bool {
    var left = 1 << 52
    return counts.allSatisfy { count in
      guard (0...left).contains(count) else { return false }
      left -= count
      return true
    }
  }

  /// Counts the pixels whose label is not ignored. The maps are of one size.
  public mutating func add(prediction: LabelMap, label: LabelMap) {
    guard prediction.size == label.size else {
      fatalError("a prediction of \(prediction.size) against a label of \(label.size)")
    }
    let n = classCount
    prediction.pixels.withUnsafeBufferPointer { p in
      label.pixels.withUnsafeBufferPointer { t in
        counts.withUnsafeMutableBufferPointer { counts in
          unmapped.withUnsafeMutableBufferPointer { unmapped in
            for i in 0..<t.count where t[i] != LabelMap.ignored {
              let (truth, guess) = (Int(t[i]), Int(p[i]))
              guard truth < n else { fatalError("a label of class \(truth) among \(n) classes") }
              if guess < n { counts[truth * n + guess] += 1 } else { unmapped[truth] += 1 }
            }
          }
        }
      }
    }
  }

  /// Adds the counts of another matrix of as many classes.
  public mutating func add(_ other: ConfusionMatrix) {
    guard classCount == other.classCount else { fatalError("matrices of other classes") }
    for i in counts.indices { counts[i] += other.counts[i] }
    for i in unmapped.indices { unmapped[i] += other.unmapped[i] }
  }

  /// The matrix as if the labelled pixels of all other classes had been ignored.
  public func keepingLabels(of classes: Set<Int>) -> ConfusionMatrix {
    var kept = self
    for truth in 0..<classCount where !classes.contains(truth) {
      for guess in 0..<classCount { kept.counts[truth * classCount + guess] = 0 }
      kept.unmapped[truth] = 0
    }
    return kept
  }

  /// Labelled pixels of a class.
  public func pixels(of index: Int) -> Int { row(index).reduce(unmapped[index], +) }

  /// The rows `[true class][predicted class]`.
  public var rows: [[Int]] { (0..<classCount).map { Array(row($0)) } }

  /// Intersection over union of a class; nil where it occurs neither in labels nor in predictions.
  public func iou(_ index: Int) -> Double? {
    let hits = counts[index * classCount + index]
    let predicted = (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + index] }
    let union = pixels(of: index) + predicted - hits
    return union == 0 ? nil : Double(hits) / Double(union)
  }

  /// The mean IoU over the classes that occur; nil where none does.
  public var meanIoU: Double? {
    let known = (0..<classCount).compactMap(iou)
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  private func row(_ index: Int) -> ArraySlice<Int> {
    counts[index * classCount..<(index + 1) * classCount]
  }
}
