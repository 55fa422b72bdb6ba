// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Torch

/// Trains a network on labelled crops, step by step: cross-entropy of the upsampled logits, and of the
/// auxiliary classifier's where there is one.
final class SupervisedLearner {
  let network: any Segmenter
  private let optimizer: any Optimizer
  private let schedule: WarmUpPoly
  private let classWeights: Tensor?
  private let auxiliaryWeight: Double
  private let mode: Mode
  private let peers: Peers?
  private let buckets: GradientBuckets?

  /// Freezes what the settings say, and takes the other parameters as trainable as the network has them.
  ///
  /// - `peers`: the processes that each take a part of every batch; nil for a process by itself.
  init(
    _ network: any Segmenter, _ settings: TrainingSettings, classWeights: Tensor?, peers: Peers? = nil
  ) {
    self.network = network
    if settings.freezeNormalisation != .none { network.freezeNormalisation() }
    mode = settings.freezeNormalisation == .all ? .evaluation : .training
    optimizer = settings.makeOptimizer(for: network)
    schedule = settings.schedule
    auxiliaryWeight = settings.auxiliaryWeight
    self.classWeights = classWeights?.to(network.store.device)
    self.peers = peers
    let trained = optimizer.groups.flatMap(\.parameters).map(\.tensor)
    buckets = peers.map { GradientBuckets(trained, over: $0.gradients) }
  }

  /// One update, by its index from 0; none where the loss or its gradient is no number, and then the network
  /// is as it was.
  func step(_ samples: [SupervisedSample], _ index: Int) -> StepRecord {
    let started = ContinuousClock.now
    let truth = labels(samples.map(\.label)).to(network.store.device)
    let statistics = BufferCopy(of: network.store)
    let (total, terms) = FailedComputation.undoing(by: statistics.restore) { losses(samples, truth) }
    let own = terms.map(\.value.item)
    let values = peers.map { $0.group.sum(own) } ?? own
    let sum = values.reduce(0, +)
    let (norm, isApplied) = optimizer.minimize(
      sum, learningRate: schedule(index), unless: { self.peers?.hasFailed ?? false }
    ) {
      FailedComputation.undoing(by: statistics.restore) {
        total.backward()
        buckets?.finish()
      }
    }
    if !isApplied { statistics.restore() }
    let report = StepReport(
      total: sum, terms: zip(terms, values).map { ($0.name, $1) }, gradientNorm: norm, isApplied: isApplied)
    return StepRecord(
      step: index + 1, report: report, learningRate: schedule(index),
      seconds: (ContinuousClock.now - started).seconds, images: samples.map(\.path))
  }

  /// The losses of a batch, and their sum.
  private func losses(
    _ samples: [SupervisedSample], _ truth: Tensor
  ) -> (total: Tensor, terms: [(name: String, value: Tensor)]) {
    let prediction = network(network.input(samples.map(\.image)), mode)
    // The sum over all parts of the batch is the mean over all of it.
    let share = peers.map { LabelCounts(truth, over: $0.group).share(weighted: classWeights) } ?? 1
    var terms = [(name: "ce", value: loss(prediction.logits, truth) * share)]
    if auxiliaryWeight > 0, let logits = network.auxiliaryLogits(of: prediction) {
      terms.append(("auxiliary", loss(logits, truth) * (auxiliaryWeight * share)))
    }
    return (terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }, terms)
  }

  private func loss(_ logits: Tensor, _ truth: Tensor) -> Tensor {
    crossEntropy(
      logits.resizedBilinear(height: truth.shape[1], width: truth.shape[2]), truth, classWeights: classWeights
    )
  }

  /// Everything that later steps depend on.
  var state: StepLoop.State {
    network.store.state.under("network.") + optimizer.state.under("optimizer.")
  }

  /// Takes over a stored state; the report tells what did not fit.
  func load(_ state: StepLoop.State) -> LoadReport {
    let report = network.store.load(state.part("network."))
    return report.isExact ? optimizer.load(state.part("optimizer.")) : report
  }
}

extension TrainingSettings {
  var schedule: WarmUpPoly {
    WarmUpPoly(rate: learningRate, warmUp: warmUp, horizon: horizon ?? steps, power: power)
  }

  func makeOptimizer(for network: any Segmenter) -> any Optimizer {
    optimizer.make(
      network.parameterGroups(headScale: headScale), momentum: momentum, nesterov: nesterov,
      weightDecay: weightDecay)
  }

  func makeViews() throws -> SupervisedViews {
    var made = try SupervisedViews(
      size: size, crop: crop, scaleRange: min(views.minScale, views.maxScale)...views.maxScale,
      mirror: views.mirror, colourPolicy: views.colour, brightness: views.brightness,
      contrast: views.contrast)
    made.classMaximum = views.classMaximum
    made.distortion = views.distortion == .ssd ? PhotometricDistortion() : nil
    if views.blur > 0 {
      made.blur = RandomBlur(
        probability: views.blur, deviations: views.minDeviation...views.maxDeviation)
    }
    return made
  }
}

/// Label maps of one size as int64 [N, H, W] on the CPU.
package func labels(_ maps: [LabelMap]) -> Tensor {
  let size = maps[0].size
  return Tensor.filled([maps.count, size.height, size.width]) { (buffer: UnsafeMutableBufferPointer<UInt8>) in
    for (i, map) in maps.enumerated() {
      _ = UnsafeMutableBufferPointer(rebasing: buffer[i * size.area..<(i + 1) * size.area])
        .update(fromContentsOf: map.pixels)
    }
  }.to(.int64)
}
