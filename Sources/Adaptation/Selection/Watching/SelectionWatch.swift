// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation
import Torch

/// Looks at a run's network now and then without labels, logs what the criteria say, and sounds the collapse
/// alarm.
///
/// Where the run ends with statistics of the target images, it looks at the network with statistics of the looked-at
/// images: those that are stored belong to weights from before, and judged by them a good network may seem to have
/// collapsed. It changes nothing of the run: statistics are put back, and its passes draw no random number.
final class SelectionWatch {
  private let settings: AdaptationSettings
  private let every: Int
  private let names: [String]
  private let folder: RunFolder
  private let observer: RunObserver
  private let looks: NetworkLooks
  private var log: SelectionLog
  private let start: SelectionPoint

  /// Reads the subset; looks at the network that the run begins with, unless the log of a run that goes on has
  /// that.
  ///
  /// - `network`: as it is before the first step.
  /// - `settings`: resolved; `selectEvery` is not 0.
  /// - `sourceStatistics`: a share of which stays where the run estimates statistics; nil for none.
  /// - Throws: a `Problem` for an image or a log that cannot be read; `Interruption` where the user ends it.
  init(
    _ network: any Segmenter, _ classes: LabelSpace, _ images: ImageList, _ settings: AdaptationSettings,
    _ sourceStatistics: SourceStatistics?, _ folder: RunFolder, _ observer: RunObserver
  ) throws {
    guard let size = settings.size, let every = settings.selectEvery, every > 0 else {
      fatalError("the settings were not resolved")
    }
    (self.settings, self.every, self.folder, self.observer) = (settings, every, folder, observer)
    names = classes.classes.map(\.name)
    let subset = try SelectionSubset(
      of: images, at: size, most: settings.selection.images ?? 1, pixels: settings.selection.pixels,
      seed: settings.seed, progress: { _ in try observer.checkStop() })
    looks = NetworkLooks(
      scorer: SelectionScorer(subset), settings: settings, sourceStatistics: sourceStatistics,
      observer: observer)
    let found = try SelectionLog(folder.selection)
    log = found
    if let point = found.start {
      start = point
    } else {
      let (scores, seconds) = try looks.scores(of: network)
      start = SelectionPoint(step: 0, scores, names: names, seconds: seconds)
    }
  }

  /// Takes the log up after the steps that are done, and makes the point of the last one where a stop cut it
  /// short.
  func goOn(after step: Int, _ network: any Segmenter) throws {
    try log.keep(upTo: step, start: start)
    if step == 0 { observer.selection(start) }
    try look(at: network, ifDueAfter: step)
  }

  /// The last step up to one at which nothing seemed wrong, whose checkpoint is to stay; nil for the start.
  func lastGood(upTo step: Int) -> Int? {
    guard settings.collapse != .off else { return nil }
    return log.points.last {
      $0.step > 0 && $0.step <= step && !$0.isCollapsed(bound: settings.collapseDrift)
    }?.step
  }

  /// Looks at the network after a step whose turn it is.
  ///
  /// - Throws: a `Problem` where it has collapsed and the run is to stop then; `Interruption` where the user
  ///   ends it, and the step then has no point.
  func look(at network: any Segmenter, ifDueAfter step: Int) throws {
    let isDue = step > 0 && (step % every == 0 || step == settings.steps)
    guard isDue, !log.has(step: step) else { return }
    var (scores, seconds) = try looks.scores(of: network)
    scores.compare(to: start.histogram)
    let point = SelectionPoint(step: step, scores, names: names, seconds: seconds)
    try log.append(point)
    observer.selection(point)
    if step < settings.steps {
      observer.begin(AdaptationSettings.job.rawValue, settings.steps)
      observer.advance(step)
    }
    guard settings.collapse != .off, point.isCollapsed(bound: settings.collapseDrift) else { return }
    let alarm = CollapseAlarm(
      point, start: start, names: names, bound: settings.collapseDrift,
      before: lastGood(upTo: step).map(folder.checkpoint))
    if settings.collapse == .stop { throw alarm.problem }
    observer.note(alarm.line)
  }
}

/// How a run's network is looked at.
private struct NetworkLooks {
  let scorer: SelectionScorer
  let settings: AdaptationSettings
  let sourceStatistics: SourceStatistics?
  let observer: RunObserver

  /// What the criteria say of a network, with no drift yet, and the seconds that it took.
  ///
  /// - Throws: `Interruption`; the network is then as it was, too.
  func scores(of network: any Segmenter) throws -> (scores: SelectionScores, seconds: Double) {
    observer.begin("selection", scorer.subset.images.count)
    let started = ContinuousClock.now
    let stored = settings.endsWithStatistics(for: network) ? BufferCopy(of: network.store) : nil
    defer { stored?.restore() }
    if stored != nil {
      try scorer.subset.estimateStatistics(
        of: network, form: settings.statisticsForm, progress: observer.checkStop)
      sourceStatistics?.stay(in: network)
    }
    var scores = try scorer.score(
      network, in: settings.learning.precision, progress: observer.advanceOrStop)
    scores.values[.drift] = 0
    return (scores, (ContinuousClock.now - started).seconds)
  }
}
