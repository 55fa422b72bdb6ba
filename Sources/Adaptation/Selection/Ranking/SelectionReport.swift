// SPDX-License-Identifier: Apache-2.0

import Segmentation

/// What `select --json` writes: every candidate's criteria, and which of them is taken.
public struct SelectionReport: Encodable, Sendable {
  /// A candidate with all that is known of it.
  public struct Item: Encodable, Sendable {
    /// How the candidate is shown: "runs/a/step-000100".
    public let name: String
    /// The run or folder that it comes from.
    public let group: String
    /// The checkpoint or weights file.
    public let file: String
    /// After how many steps; nil where that is unknown.
    public let step: Int?
    /// The value of each criterion that has one.
    public let criteria: [String: Double]
    /// The share of the subset's pixels that each class won.
    public let histogram: [Double]
    /// Classes that are gone.
    public let vanished: [String]
    /// What guards say against it.
    public let flags: [String]
    /// Its place among all candidates, 1 for the one that is taken.
    public internal(set) var rank = 0
    /// On labels, where there are some.
    @Measured public internal(set) var mIoU: Double?
    let scores: SelectionScores

    init(
      _ candidate: SelectionCandidate, _ scores: SelectionScores, names: [String], flags: [String],
      mIoU: Double?
    ) {
      (name, group, file, step) = (candidate.name, candidate.group, candidate.file, candidate.step)
      criteria = Dictionary(
        uniqueKeysWithValues: scores.values.filter(\.value.isFinite).map { ($0.key.rawValue, $0.value) })
      histogram = scores.histogram
      vanished = scores.vanished.map { names[$0] }
      (self.flags, self.scores) = (flags, scores)
      self.mIoU = mIoU
    }

    enum CodingKeys: CodingKey {
      case name, group, file, step, criteria, histogram, vanished, flags, rank, mIoU
    }
  }

  /// What was taken, beside what could have been.
  public struct Choice: Encodable, Sendable {
    /// Whose candidates; nil for all together.
    public let group: String?
    /// How many candidates it was taken from.
    public let candidates: Int
    /// The candidate that was taken.
    public let selected: String
    /// The last of them.
    public let last: String
    /// The best of them on labels.
    public let oracle: String?
    /// mIoU of the candidate that was taken, where there are labels.
    @Measured public internal(set) var selectedMIoU: Double?
    /// mIoU of the last candidate, where there are labels.
    @Measured public internal(set) var lastMIoU: Double?
    /// mIoU of the best candidate, where there are labels.
    @Measured public internal(set) var oracleMIoU: Double?
    /// The oracle's mIoU less the selected one's.
    public let regret: Double?
    /// The rank correlation with mIoU of each criterion, turned so that larger is better, and of the
    /// aggregate. What has no value or is constant is left out.
    public let spearman: [String: Double]
  }

  /// Every candidate with what was found, in the order in which they were named.
  public private(set) var candidates: [Item]
  /// Over all, and for each group where there are several.
  public let choices: [Choice]
  /// The classes' names, in the order of histograms.
  public let classes: [String]
  /// How the criteria become one order, in words.
  public let aggregate: String
  /// What the candidates are compared to by the guards.
  public let start: String
  /// The shares of the classes that guards compare to.
  public let startHistogram: [Double]
  /// Which normalisation statistics were used, in words.
  public let statistics: String
  /// Whether adapted weights kept those that their run has saved them with, where the others' were estimated anew.
  public let adaptedStatisticsStored: Bool
  /// Images that candidates were asked about.
  public let images: Int
  /// Pixels of each of them.
  public let pixels: Int
  /// The networks' input size.
  public let size: String
  /// What chose images and pixels.
  public let seed: UInt64
  /// How long it took.
  public let seconds: Double

  /// How it was measured.
  struct Measure {
    let classes: [String]
    let start: String
    let startHistogram: [Double]
    let statistics: String
    let areAdaptedStored: Bool
    let subset: SelectionSubset
    let pixels: Int
    let seed: UInt64
    let seconds: Double
  }

  init(_ items: [Item], _ measure: Measure) {
    var ranked = items
    for (index, rank) in Self.order(items).enumerated() { ranked[rank].rank = index + 1 }
    candidates = ranked
    let groups = items.reduce(into: [String]()) { if !$0.contains($1.group) { $0.append($1.group) } }
    choices =
      [Self.choice(nil, items)]
      + (groups.count > 1
        ? groups.map { group in Self.choice(group, items.filter { $0.group == group }) } : [])
    aggregate = SelectionAggregate.words
    (classes, start, startHistogram) = (measure.classes, measure.start, measure.startHistogram)
    (statistics, seconds, seed) = (measure.statistics, measure.seconds, measure.seed)
    adaptedStatisticsStored = measure.areAdaptedStored
    (images, pixels, size) = (measure.subset.images.count, measure.pixels, measure.subset.size.description)
  }

  /// The indices of candidates, the best first; of equals the later one, which has learnt longer.
  private static func order(_ items: [Item]) -> [Int] {
    let places = self.places(items)
    return items.indices.sorted { (places[$0], -$0) < (places[$1], -$1) }
  }

  private static func places(_ items: [Item]) -> [Double] {
    SelectionAggregate.places(items.map { ($0.scores, !$0.flags.isEmpty) })
  }

  private static func choice(_ group: String?, _ items: [Item]) -> Choice {
    guard let last = items.last else { fatalError("no candidates") }
    let selected = items[order(items)[0]]
    let oracle = items.filter { $0.mIoU != nil }.max { ($0.mIoU ?? 0) < ($1.mIoU ?? 0) }
    let truth = items.map(\.mIoU)
    var correlations: [String: Double] = [:]
    for criterion in Criterion.allCases {
      let values = items.map { $0.scores[criterion].map { criterion.prefersLarger ? $0 : -$0 } }
      correlations[criterion.rawValue] = spearman(values, truth)
    }
    correlations["aggregate"] = spearman(places(items).map { -$0 }, truth)
    let regret = oracle?.mIoU.flatMap { best in selected.mIoU.map { best - $0 } }
    return Choice(
      group: group, candidates: items.count, selected: selected.name, last: last.name, oracle: oracle?.name,
      selectedMIoU: selected.mIoU, lastMIoU: last.mIoU, oracleMIoU: oracle?.mIoU, regret: regret,
      spearman: correlations)
  }
}
