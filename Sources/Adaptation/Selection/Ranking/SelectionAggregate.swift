// SPDX-License-Identifier: Apache-2.0

/// How several criteria become one order of candidates.
public enum SelectionAggregate {
  /// The criteria whose ranks are averaged: those whose choice loses least on the three targets of
  /// `scripts/selection-study.sh` (Documentation/Selection.md).
  public static let criteria: [Criterion] = [.im, .snd, .bnm, .ensemble]

  /// What it does, for people.
  public static let words =
    "mean rank by \(criteria.map(\.rawValue).joined(separator: ", ")); flagged candidates after all others"

  /// The place of each candidate, smaller is better: the mean of its ranks by the criteria among the
  /// candidates that no guard flags, and after those, in the same way, the flagged ones.
  ///
  /// A criterion that no candidate has a value of is left out.
  public static func places(_ candidates: [(scores: SelectionScores, isFlagged: Bool)]) -> [Double] {
    var places = [Double](repeating: 0, count: candidates.count)
    var ahead = 0.0
    for flagged in [false, true] {
      let indices = candidates.indices.filter { candidates[$0].isFlagged == flagged }
      for (index, place) in zip(indices, meanRanks(indices.map { candidates[$0].scores })) {
        places[index] = ahead + place
      }
      ahead += Double(indices.count)
    }
    return places
  }

  /// Which of a run's averages stand after the others: all but the last, where no guard flags that, unless an earlier
  /// one is better by every criterion.
  ///
  /// The longer a student is averaged, the softer the average predicts, and `im`, `snd` and `bnm` take soft for poor.
  /// - `run`: its averages in the order of their steps.
  public static func shorterAverages(_ run: [(scores: SelectionScores, isFlagged: Bool)]) -> [Bool] {
    guard let last = run.last, !last.isFlagged else { return run.map { _ in false } }
    let asked: [Criterion] = [.im, .snd, .bnm, .mixval, .geometric, .ensemble]
    func isBetter(_ scores: SelectionScores) -> Bool {
      asked.allSatisfy { criterion in
        guard let own = scores[criterion], let other = last.scores[criterion] else { return true }
        return own > other
      }
    }
    return run.dropLast().map { !isBetter($0.scores) } + [false]
  }

  private static func meanRanks(_ scores: [SelectionScores]) -> [Double] {
    let found = criteria.map { criterion in scores.map { $0[criterion] } }.filter { values in
      values.contains { $0 != nil }
    }
    guard !found.isEmpty else {
      return [Double](repeating: Double(scores.count + 1) / 2, count: scores.count)
    }
    let all = found.map(ranks)
    return scores.indices.map { index in all.reduce(0) { $0 + $1[index] } / Double(all.count) }
  }
}

/// What speaks so strongly against a candidate that no rank makes up for it.
public struct SelectionGuards: Equatable, Sendable {
  /// How far class shares may move from those at the start, as KL in nats.
  public var drift: Double
  /// The part of the information (`Criterion.im`) at the start that must be left.
  public var information: Double

  /// Bounds; those of `iapc select` by default.
  public init(drift: Double = 1, information: Double = 0.5) {
    (self.drift, self.information) = (drift, information)
  }

  /// What is wrong, in words; empty where nothing is.
  ///
  /// - `start`: the information of what the candidates are compared to.
  /// - `names`: the classes'.
  public func flags(_ scores: SelectionScores, start: Double?, names: [String]) -> [String] {
    var found: [String] = []
    if !scores.vanished.isEmpty {
      found.append("without \(scores.vanished.map { names[$0] }.joined(separator: ", "))")
    }
    if let moved = scores[.drift], moved > drift { found.append("drift") }
    if let im = scores[.im], let start, im < information * start { found.append("information") }
    return found
  }
}
