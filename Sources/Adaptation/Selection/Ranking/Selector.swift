// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Torch

/// Chooses among networks by what they say of unlabelled images.
public struct Selector {
  /// How networks are asked.
  public struct Settings: Sendable {
    /// The input size; nil for the first image's, rounded to what the first network takes.
    public var size: PixelSize?
    /// Images that candidates are asked about, at most.
    public var images = 100
    /// Pixels of each of them, at most.
    public var pixels = 1000
    /// What chooses images and pixels.
    public var seed: UInt64 = 1
    /// Whether each network's normalisation statistics are estimated anew over the subset first, as a run with
    /// `batch_norm.final: target` ends.
    public var estimatesStatistics = false
    /// Whether those of a run's adapted weights are, too, which the run has estimated: it saves them as they are used.
    public var estimatesAdapted = false
    /// What speaks against a candidate.
    public var guards = SelectionGuards()

    /// The defaults of `iapc select`.
    public init() {}
  }

  /// The candidates in the order in which they were named.
  public let candidates: [SelectionCandidate]
  /// How they are asked.
  public let settings: Settings
  private let loader: CandidateLoader
  /// Where the network that candidates began from is; nil where it is unknown.
  private let source: Source?
  private let labels: LabelledImages?

  private enum Source {
    case file(String)
    case run(RunFolder)

    var words: String {
      switch self {
      case .file(let path): path
      case .run(let run): "what \(run.path) began with"
      }
    }
  }

  /// - `source`: weights that the candidates began from, for the guards; nil for those of the candidates' run,
  ///   or else the mean of all candidates.
  /// - `labels`: images with labels to score each candidate on.
  /// - `device`: where networks compute, as `Device.named` reads it.
  /// - `load`: loads a weights file on that device.
  public init(
    _ candidates: [SelectionCandidate], _ settings: Settings, source: String?, labels: LabelledImages?,
    device: String, load: @escaping (String) throws -> LoadedNetwork
  ) {
    (self.candidates, self.settings, self.labels) = (candidates, settings, labels)
    loader = CandidateLoader(load: load, device: device)
    self.source = source.map(Source.file) ?? candidates.lazy.compactMap(\.run).first.map(Source.run)
  }

  /// Scores every candidate.
  ///
  /// - `observer`: told of images and pieces of work; its signal ends it.
  /// - Throws: a `Problem` for weights or images that cannot be read, and for candidates of other classes than
  ///   the first; `Interruption`.
  public func run(on list: ImageList, _ observer: RunObserver) throws -> SelectionReport {
    let started = ContinuousClock.now
    let first = try network(candidates[0])
    let subset = try subset(list, first.network, observer)
    let scorer = SelectionScorer(subset)
    let names = first.classes.classes.map(\.name)
    var (scores, truth): ([SelectionScores], [Double?]) = ([], [])
    var ensemble = EnsembleAgreement()
    for candidate in candidates {
      let loaded = try network(candidate)
      try checkClasses(loaded, of: candidate, are: names)
      observer.begin(candidate.name, subset.images.count)
      if estimates(for: candidate) { try subset.estimateStatistics(of: loaded.network) }
      var sampled: [Tensor] = []
      scores.append(
        try scorer.score(
          loaded.network, sampled: { sampled.append($0) }, progress: observer.advanceOrStop))
      if candidates.count > 1 { ensemble.add(Tensor.concatenated(sampled, along: 0)) }
      truth.append(try mIoU(loaded, subset.size, observer, isFirst: truth.isEmpty))
    }
    for (index, value) in ensemble.values.enumerated() { scores[index].values[.ensemble] = value }
    let start = try start(scores, scorer, observer)
    let flags = flags(&scores, start, names)
    let items = candidates.indices.map { index in
      SelectionReport.Item(
        candidates[index], scores[index], names: names, flags: flags[index], mIoU: truth[index])
    }
    return SelectionReport(
      items,
      SelectionReport.Measure(
        classes: names, start: start.words, startHistogram: start.histogram,
        statistics: settings.estimatesStatistics ? "target" : "stored",
        areAdaptedStored: settings.estimatesStatistics && candidates.contains { !estimates(for: $0) },
        subset: subset,
        pixels: settings.pixels, seed: settings.seed, seconds: (ContinuousClock.now - started).seconds))
  }

  /// Writes a candidate as a weights file, with the statistics that it was chosen with.
  public func save(_ name: String, on list: ImageList, to path: String) throws {
    guard let candidate = candidates.first(where: { $0.name == name }) else {
      fatalError("no candidate \(name)")
    }
    let loaded = try network(candidate)
    if estimates(for: candidate) {
      try subset(list, loaded.network, RunObserver()).estimateStatistics(of: loaded.network)
    }
    try NetworkFile.save(loaded.network, classes: loaded.classes, form: loaded.form, to: path)
  }

  // MARK: Parts

  private func network(_ candidate: SelectionCandidate) throws -> LoadedNetwork {
    try loader.network(candidate)
  }

  private func subset(
    _ list: ImageList, _ network: any Segmenter, _ observer: RunObserver
  ) throws -> SelectionSubset {
    let size =
      try settings.size
      ?? Predictor(network, PredictionSettings()).inputSize(
        of: list.entries[0].readSize())
    try network.checkInput(size, "--size")
    if settings.estimatesStatistics {
      try network.checkStatistics(of: size, count: 1, at: "--size \(size)")
    }
    return try SelectionSubset(
      of: list, at: size, most: settings.images, pixels: settings.pixels, seed: settings.seed,
      progress: { _ in try observer.checkStop() })
  }

  /// Whether a candidate's statistics are estimated anew before it is asked, and saved.
  private func estimates(for candidate: SelectionCandidate) -> Bool {
    settings.estimatesStatistics && (settings.estimatesAdapted || !candidate.isAdapted)
  }

  private func checkClasses(_ loaded: LoadedNetwork, of candidate: SelectionCandidate, are names: [String])
    throws
  {
    guard loaded.classes.classes.map(\.name) == names else {
      throw Problem(
        "cannot compare the candidates", at: candidate.file,
        because: "it predicts \(loaded.classes.name), and \(candidates[0].file) other classes",
        remedy: "choose among networks of the same classes")
    }
  }

  private func mIoU(
    _ loaded: LoadedNetwork, _ size: PixelSize, _ observer: RunObserver, isFirst: Bool
  ) throws -> Double? {
    guard let labels else { return nil }
    let predictor = Predictor(loaded.network, PredictionSettings(size: size))
    let evaluator = try Evaluator(predictor, classes: loaded.classes, data: labels)
    let found = try evaluator.run { _ in try observer.checkStop() }
    if let why = found.whyUnscored, isFirst { observer.note(why) }
    return found.meanIoU
  }

  /// What speaks against each candidate.
  private func flags(
    _ scores: inout [SelectionScores], _ start: (histogram: [Double], im: Double?, words: String),
    _ names: [String]
  ) -> [[String]] {
    var flags = scores.indices.map { index in
      scores[index].compare(to: start.histogram)
      return settings.guards.flags(scores[index], start: start.im, names: names)
    }
    let averages = candidates.indices.filter { candidates[$0].isAverage }
    for (_, members) in Dictionary(grouping: averages, by: { candidates[$0].run?.path }) {
      let ordered = members.sorted { candidates[$0].step ?? 0 < candidates[$1].step ?? 0 }
      let shorter = SelectionAggregate.shorterAverages(ordered.map { (scores[$0], !flags[$0].isEmpty) })
      for (index, isShorter) in zip(ordered, shorter) where isShorter {
        flags[index].append("shorter average")
      }
    }
    return flags
  }

  /// What the guards compare candidates to: the network they began from, or else their mean.
  private func start(
    _ scores: [SelectionScores], _ scorer: SelectionScorer, _ observer: RunObserver
  ) throws -> (histogram: [Double], im: Double?, words: String) {
    guard let source else {
      let count = Double(scores.count)
      let mean = scores[0].histogram.indices.map { index in
        scores.reduce(0) { $0 + $1.histogram[index] } / count
      }
      let information = scores.compactMap { $0[.im] }.sorted()
      return (
        mean, information.isEmpty ? nil : information[information.count / 2], "the mean of all candidates"
      )
    }
    let loaded: LoadedNetwork =
      switch source {
      case .file(let path): try loader.load(path)
      case .run(let run): try loader.source(of: run)
      }
    observer.begin("start", scorer.subset.images.count)
    if settings.estimatesStatistics { try scorer.subset.estimateStatistics(of: loaded.network) }
    let found = try scorer.score(loaded.network, progress: observer.advanceOrStop)
    return (found.histogram, found[.im], source.words)
  }
}
