// SPDX-License-Identifier: Apache-2.0

/// What the criteria found of one network on one subset of images.
public struct SelectionScores: Equatable, Sendable {
  /// The value of each criterion that has one.
  public internal(set) var values: [Criterion: Double]
  /// The share of the subset's pixels that each class won, over whole images.
  public let histogram: [Double]
  /// Classes that were noticeable at the start and are gone, by index. Empty before there is a start.
  public private(set) var vanished: [Int] = []

  /// Scores before there is a start to compare them to.
  public init(values: [Criterion: Double], histogram: [Double]) {
    self.values = values
    self.histogram = histogram
  }

  /// nil where the criterion could not be computed: of mixtures with a single image.
  public subscript(_ criterion: Criterion) -> Double? { values[criterion] }

  /// Adds the drift from the class shares at the start.
  public mutating func compare(to start: [Double]) {
    let drift = ClassDrift(now: histogram, start: start)
    values[.drift] = drift.divergence
    vanished = drift.vanished
  }
}
