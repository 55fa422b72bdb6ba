// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// A network that is not of this library: a scripted or traced TorchScript module.
///
/// Shapes: [N, 3, H, W] -> logits [N, C, h, w] and features [N, D, h', w'], as the module gives them: scores alone,
/// (scores, features), or a dictionary with "out" or "logits". Where it gives scores alone the features are the output
/// of an inner module that is named, or else the input of the head: of the last convolution before the scores.
public final class ScriptedNetwork: Segmenter {
  /// The name that `--network` takes.
  static let family = "torchscript"

  public let name = ScriptedNetwork.family
  public let store: ParameterStore
  public let classCount: Int
  public let outputStride: Int
  public let sizeMultiple: Int
  public let leastSide: Int
  public let hasBatchStatistics: Bool
  public let normalisation: Normalisation
  /// The layer whose input the features are, where nothing was named and the module gives none.
  let featuresOf: String?

  public var program: ScriptModule? { module }
  private let module: ScriptModule
  private let settings: ScriptSettings
  private let head: Set<String>
  private let normalisations: Set<String>
  private let place: String

  /// Tries a module with made-up images and takes its tensors in.
  ///
  /// - `place`: what problems name.
  /// - Throws: `Problem` where the module cannot be run or gives other than scores of so many classes and features.
  init(
    _ module: ScriptModule, _ settings: ScriptSettings, classCount: Int, normalisation: Normalisation,
    device: Device, at place: String
  ) throws {
    FailedComputation.module = place
    let trial = try ScriptTrial(module, settings, classCount: classCount, device: device, at: place)
    (self.module, self.settings, self.classCount, self.place) = (module, settings, classCount, place)
    (self.normalisation, hasBatchStatistics) = (normalisation, module.hasBatchStatistics)
    (outputStride, sizeMultiple, featuresOf) = (trial.stride, trial.multiple, trial.featuresOf)
    leastSide = trial.leastSide
    let entries = module.entries
    store = ParameterStore(device: device)
    for entry in entries { store.adopt(entry.tensor, as: entry.name, entry.kind) }
    normalisations = Set(entries.filter(\.isNormalisation).map(\.name))
    head = try settings.head(among: entries, at: place)
  }

  private init(copyOf other: ScriptedNetwork) {
    (module, settings, head) = (other.module.copy(), other.settings, other.head)
    (classCount, outputStride, sizeMultiple) = (other.classCount, other.outputStride, other.sizeMultiple)
    (hasBatchStatistics, normalisation) = (other.hasBatchStatistics, other.normalisation)
    (normalisations, featuresOf, place) = (other.normalisations, other.featuresOf, other.place)
    leastSide = other.leastSide
    store = ParameterStore(device: other.store.device)
    for entry in module.entries { store.adopt(entry.tensor, as: entry.name, entry.kind) }
  }

  public var variant: String {
    let features = settings.features ?? featuresOf.map { "the input of \($0)" } ?? "the module's own"
    let kind = hasBatchStatistics ? "batch statistics" : "no batch statistics"
    return
      "features: \(features), head: \(head.sorted().joined(separator: ", ")), \(kind), \(classCount) outputs"
  }

  public var variantText: String { settings.text }

  /// A module that refuses images it was not tried with ends the process, by `FailedComputation`.
  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    do {
      let output = try module.forward(images, mode)
      let (scores, count) = (output.scores.shape, images.shape[0])
      guard scores[0] == count, scores[1] == classCount, !scores.contains(0) else {
        refuse(images, "it gives scores \(scores), expected [\(count), \(classCount), h, w]")
      }
      guard let features = output.features, features.shape.count == 4, features.shape[0] == count else {
        refuse(images, "it gives no features, and gave some on loading")
      }
      return Prediction(logits: output.scores, features: features)
    } catch {
      refuse(
        images, error.lastLine,
        remedy: error.kind == .outOfMemory
          ? "free memory, or take smaller images, crops or batches" : Self.remedy)
    }
  }

  private static let remedy = "give images of a size that it takes, or mend it"

  private func refuse(_ images: Tensor, _ why: String, remedy: String = ScriptedNetwork.remedy) -> Never {
    FailedComputation.end(
      with: Problem(
        "cannot run the module", at: place, because: "images \(images.shape): \(why)", remedy: remedy))
  }

  public func isHead(_ parameter: String) -> Bool { head.contains(parameter) }
  public func isNormalisation(_ parameter: String) -> Bool { normalisations.contains(parameter) }
  public func copy() -> ScriptedNetwork { ScriptedNetwork(copyOf: self) }
}

extension ScriptModule {
  /// Writes the module with its tensors as they are now, and metadata that `torch.jit.load` gives as the extra file
  /// `iapc.json`.
  ///
  /// - Throws: `Problem` where the file cannot be written.
  func save(_ metadata: [String: String], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(metadata), as: UTF8.self)
    try save(to: path, text: text, under: ScriptModule.metadataName)
  }

  /// The extra file that holds what weights say of themselves.
  static let metadataName = "iapc.json"
}
