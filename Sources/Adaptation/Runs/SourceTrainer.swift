// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// Trains a source network on labelled images: cross-entropy, AdamW, warm-up and polynomial decay.
public struct SourceTrainer {
  private let settings: TrainingSettings
  private let observer: RunObserver

  public init(_ settings: TrainingSettings, observer: RunObserver = RunObserver()) {
    self.settings = settings
    self.observer = observer
  }

  /// Runs to the end and leaves `last.safetensors`, `config.yaml` and `metrics.jsonl` in the output folder.
  ///
  /// - Throws: `Problem`; `Interruption` where the user ended it, with the weights so far saved.
  public func run(overwrite: Bool) throws {
    try settings.check()
    if settings.threads > 0 { Machine.threads = settings.threads }
    Machine.flushDenormals(true)
    let space = try LabelSpace.named(settings.labelSpace)
    let data = try LabelledImages(
      images: ImageList(at: settings.images), labelFolder: settings.labels, space: space, allowing: .images)
    let network = try makeNetwork(space)
    let views = try makeViews()
    let folder = RunFolder(settings.output)
    try folder.check(overwrite: overwrite)
    try data.checkPairs(shouldStop: { observer.stopSignal() != nil })
    try observer.checkStop()
    try folder.prepare(overwrite: overwrite) {
      try AtomicFile.write(
        ConfigFile.text(
          TrainingSettings.table.values(of: settings), heading: "The settings of this training."),
        to: folder.config)
    }
    let weights = "\(folder.path)/last.safetensors"
    do { try steps(network, data, views, MetricsLog(folder.metrics, keeping: 0)) } catch let stop
      as Interruption
    {
      try NetworkFile.save(network, classes: space, to: weights)
      throw stop
    }
    try NetworkFile.save(network, classes: space, to: weights)
  }

  private func makeNetwork(_ space: LabelSpace) throws -> any Segmenter {
    let device = try Device.named(settings.device)
    if let file = settings.weightsFile {
      return try NetworkFile.load(file, family: settings.network, classes: space.name, device: device).network
    }
    return try NetworkFamily.named(settings.network).fresh(
      BuildRequest(
        classCount: space.count, normalisation: Normalisation.named(settings.normalisation), device: device,
        seed: settings.seed))
  }

  private func makeViews() throws -> SupervisedViews {
    try SupervisedViews(
      size: settings.size, crop: settings.crop,
      scaleRange: min(settings.views.minScale, settings.views.maxScale)...settings.views.maxScale,
      mirror: settings.views.mirror, colourPolicy: settings.views.colour,
      brightness: settings.views.brightness,
      contrast: settings.views.contrast)
  }

  private func steps(
    _ network: any Segmenter, _ data: LabelledImages, _ views: SupervisedViews, _ log: MetricsLog
  ) throws {
    let order = BatchOrder(count: data.count, batchSize: settings.batch, seed: settings.seed)
    let loader = data.loader(views, order, workers: settings.workers)
    defer { loader.stop() }
    let optimizer = AdamW(
      network.parameterGroups(headScale: 1), AdamW.Settings(weightDecay: settings.weightDecay))
    let weights = try classWeights(data)?.to(network.store.device)
    let schedule = WarmUpPoly(rate: settings.learningRate, warmUp: settings.warmUp, horizon: settings.steps)
    observer.begin("train", settings.steps)
    for step in 0..<settings.steps {
      let samples = try loader.next()
      let started = ContinuousClock.now
      let logits = network(network.input(samples.map(\.image)), .training).logits
      let loss = crossEntropy(
        logits.resizedBilinear(height: settings.crop.height, width: settings.crop.width),
        labels(samples.map(\.label)).to(network.store.device), classWeights: weights)
      loss.backward()
      optimizer.step(learningRate: schedule(step))
      let report = StepReport(total: loss.item, terms: [("ce", loss.item)])
      let record = StepRecord(
        step: step + 1, report: report, learningRate: schedule(step),
        seconds: (ContinuousClock.now - started).seconds)
      try log.append(record)
      observer.step(record)
      try observer.checkStop()
    }
  }
}

extension SourceTrainer {
  /// The weight of each class from its share of the pixels, over at most 200 evenly chosen label images.
  private func classWeights(_ data: LabelledImages) throws -> Tensor? {
    guard settings.classWeights == .logarithmic else { return nil }
    var counts = [Int](repeating: 0, count: 256)
    for index in stride(from: 0, to: data.count, by: max(1, data.count / 200)) {
      for value in try data.space.read(data.entries[index].labelPath).pixels { counts[Int(value)] += 1 }
    }
    let known = counts.prefix(data.space.count)
    let total = Double(max(1, known.reduce(0, +)))
    return Tensor(known.map { Float(1 / log(1.1 + Double($0) / total)) }, shape: [data.space.count])
  }
}

/// Label maps of one size as int64 [N, H, W] on the CPU.
func labels(_ maps: [LabelMap]) -> Tensor {
  let size = maps[0].size
  return Tensor.filled([maps.count, size.height, size.width]) { (buffer: UnsafeMutableBufferPointer<UInt8>) in
    for (i, map) in maps.enumerated() {
      _ = UnsafeMutableBufferPointer(rebasing: buffer[i * size.area..<(i + 1) * size.area])
        .update(fromContentsOf: map.pixels)
    }
  }.to(.int64)
}
