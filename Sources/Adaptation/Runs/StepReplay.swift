// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// Replays training steps on one stored batch and tells every number, for comparisons with other programs.
///
/// Unless the settings name threads it computes on one, operator by operator as PyTorch does: what is computed
/// together and how many threads share a sum decide the rounding, and the numbers should not depend on the
/// machine.
public struct StepReplay {
  /// What `step --json` writes.
  public struct Result: Encodable {
    /// The numbers of a step.
    public struct Step: Encodable {
      package let report: StepReport
      package let seconds: Double

      private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
      }

      public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(report.total, forKey: Key("total"))
        for term in report.terms { try container.encode(term.value, forKey: Key(term.name)) }
        try container.encode(report.classWeights, forKey: Key("class_weight"))
        try container.encode(seconds, forKey: Key("seconds"))
      }
    }

    /// The steps in their order.
    public let steps: [Step]
    /// The sum and the Euclidean norm of each parameter after the last step.
    package let student, teacher: [String: [Double]]
    /// The same of the student's running statistics.
    package let buffers: [String: [Double]]
  }

  private let settings: AdaptationSettings
  private var form: LayerForm { settings.threads > 0 ? .fused : .composed }

  /// A replay of the method that the settings describe.
  public init(_ settings: AdaptationSettings) {
    self.settings = settings
  }

  /// - Parameters:
  ///   - inputs: a safetensors file of `images`, `images_scaled`, `images_augmented` (float32 [N, 3, H, W],
  ///     normalised) and `pseudo_labels` (uint8 [N, H, W]).
  ///   - observe: called with the number of each step and its report.
  public func run(inputs: String, observe: (Int, StepReport) -> Void = { _, _ in }) throws -> Result {
    try settings.check()
    Machine.threads = max(1, settings.threads)
    let loaded = try settings.loadNetwork()
    return try run(loaded.network, inputs: inputs, observe: observe)
  }

  /// The same with a network that is built already, whatever its classes.
  package func run(
    _ network: any Segmenter, inputs: String, observe: (Int, StepReport) -> Void = { _, _ in }
  ) throws -> Result {
    let batch = try batch(inputs, on: network.store.device, for: network)
    let method = settings.makeMethod(network)
    let count = batch.images.shape[0]
    let images = TargetImages(count: count) { body in
      for i in 0..<count { try body(batch.images.slice(i..<i + 1, along: 0)) }
    }
    try withLayers(form) { try method.prepare(images) }
    var steps: [Result.Step] = []
    for index in 0..<settings.steps {
      let started = ContinuousClock.now
      let report = withLayers(form) { method.step(batch, learningRate: settings.learningRate) }
      steps.append(.init(report: report, seconds: (ContinuousClock.now - started).seconds))
      observe(index + 1, report)
    }
    return Result(
      steps: steps, student: summary(method.student.store.parameters),
      teacher: summary(method.teacher?.store.parameters ?? []),
      buffers: summary(method.student.store.buffers))
  }

  private func batch(_ path: String, on device: Device, for network: any Segmenter) throws -> TargetBatch {
    let file = try CheckpointFile.read(path)
    func tensor(_ name: String, _ dtype: DType, rank: Int) throws -> Tensor {
      guard let stored = file[name], stored.shape.count == rank, stored.dtype == dtype else {
        let found = file[name].map { "\($0.dtype) \($0.shape)" } ?? "nothing"
        throw Problem(
          "cannot replay the batch", at: path,
          because: "expected \(name), \(dtype) of \(rank) axes, found \(found)",
          remedy: "write the batch with `iapc adapt --dump-batches`, or name its entries so")
      }
      return Tensor(stored).to(device)
    }
    let batch = TargetBatch(
      images: try tensor("images", .float32, rank: 4), scaled: try tensor("images_scaled", .float32, rank: 4),
      augmented: try tensor("images_augmented", .float32, rank: 4),
      pseudoLabels: try tensor("pseudo_labels", .uint8, rank: 3).to(.int64))
    let s = batch.images.shape
    let same = [batch.scaled.shape, batch.augmented.shape].allSatisfy { $0 == s } && s[1] == 3
    guard same, batch.pseudoLabels.shape == [s[0], s[2], s[3]], s[2] % network.sizeMultiple == 0,
      s[3] % network.sizeMultiple == 0
    else {
      throw Problem(
        "cannot replay the batch", at: path,
        because: "its entries differ in size, or \(s) is no multiple of \(network.sizeMultiple)",
        remedy: "store four entries of one size")
    }
    let size = PixelSize(width: s[3], height: s[2])
    try network.checkLeast(size, path)
    try network.checkStatistics(of: size, count: s[0], at: path)
    let top = batch.pseudoLabels.to(.uint8).scalars(as: UInt8.self).lazy.filter { $0 != 255 }.max() ?? 0
    guard Int(top) < network.classCount else {
      throw Problem(
        "cannot replay the batch", at: path,
        because: "a label of class \(top), and the network has \(network.classCount) classes",
        remedy: "name the label space with --classes, or mend the labels")
    }
    return batch
  }

  private func summary(_ entries: [ParameterStore.Entry]) -> [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: entries.map { entry in
        let values = entry.tensor.detached().to(.float64)
        return (entry.name, [values.sum().item, values.norm().item])
      })
  }
}
