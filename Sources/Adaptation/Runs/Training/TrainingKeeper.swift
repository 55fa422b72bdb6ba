// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Scores a network while it is trained, and keeps the weights that scored best.
struct TrainingKeeper {
  private let network: any Segmenter
  private let classes: LabelSpace
  private let evaluator: Evaluator?
  private let images: Int
  private let folder: RunFolder
  private let observer: RunObserver
  private let settings: TrainingSettings
  private var log: ScoreLog?

  /// - `evaluator`: scores `network` on `images` images; nil for no scores.
  /// - `done`: the steps that the run goes on after.
  init(
    _ network: any Segmenter, _ classes: LabelSpace, _ evaluator: Evaluator?, _ images: Int,
    _ folder: RunFolder, _ observer: RunObserver, _ settings: TrainingSettings, from done: Int
  ) throws {
    self.network = network
    self.classes = classes
    self.evaluator = evaluator
    self.images = images
    self.folder = folder
    self.observer = observer
    self.settings = settings
    log =
      evaluator == nil ? nil : try ScoreLog(folder.evaluations, keeping: done, every: settings.evaluateEvery)
    if let gap = log?.gap { observer.note(gap) }
  }

  var best: TrainingScore? { log?.best }

  /// Scores the network after a step whose turn it is and that has no score yet.
  ///
  /// - Throws: `Interruption` where the user ends it; the step then has no score.
  mutating func score(ifDueAfter step: Int) throws {
    let isDue = step > 0 && (step % settings.evaluateEvery == 0 || step == settings.steps)
    guard isDue, let evaluator, log?.has(step: step) == false else { return }
    observer.begin("evaluate", images)
    let evaluation: Evaluation
    do { evaluation = try evaluator.run(progress: observer.advanceOrStop) } catch let stop as Interruption {
      throw Interruption(signal: stop.signal, resumable: folder.path)
    }
    let score = TrainingScore(step: step, evaluation)
    // The weights first: a score without its weights would never be mended.
    if score.mIoU ?? -1 > best?.mIoU ?? -1 { try save("best") }
    if let why = evaluation.whyUnscored, log?.scores.isEmpty == true { observer.note(why) }
    try log?.append(score)
    observer.score(score, best ?? score)
    if step < settings.steps {
      observer.begin("train", settings.steps)
      observer.advance(step)
    }
  }

  /// Writes the weights under "last" or "best".
  func save(_ name: String) throws {
    let files = folder.weights(name)
    if network.program != nil {
      try NetworkFile.save(network, classes: classes, to: "\(folder.path)/\(name).pt")
    }
    try NetworkFile.save(network, classes: classes, to: files.safetensors)
    try NetworkFile.save(network, classes: classes, to: files.pth)
  }
}
