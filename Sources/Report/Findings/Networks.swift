// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Imaging
import Segmentation
import Torch

/// The network of a run before and after adaptation.
struct Networks {
  let source: LoadedNetwork
  let adapted: LoadedNetwork
  /// The input size of both.
  let size: PixelSize
  let before: Predictor
  let after: Predictor
  /// The classes that pictures and scores are in.
  private(set) var space: LabelSpace
  private var mapping: LabelMapping

  /// - Throws: `Problem` where weights cannot be read or are not those of the run.
  init(_ run: RunRecord) throws {
    guard run.isFinished else {
      throw Problem(
        "cannot compare before and after", at: run.folder.path, because: "the run has not reached its end",
        remedy: "go on with `iapc adapt --resume \(run.folder.path)`")
    }
    var settings = run.settings
    // A run of another machine is looked at with what is here.
    if (try? Device.named(settings.device)) == nil { settings.device = "auto" }
    source = try settings.loadNetwork()
    guard run.manifest.weights.sha256 == nil || run.manifest.weights.sha256 == source.sha256 else {
      throw Problem(
        "cannot compare before and after", at: source.file,
        because: "these are not the weights that the run began with",
        remedy: "restore them, or name them with --weights")
    }
    adapted = try NetworkFile.load(
      run.folder.adaptedSafetensors, classes: source.classes.name,
      device: Device.named(settings.device))
    guard let size = run.settings.size else {
      throw Problem(
        "cannot compare before and after", at: run.folder.config, because: "it names no size",
        remedy: "restore the file as the run wrote it")
    }
    self.size = size
    before = Predictor(source.network, PredictionSettings(size: size))
    after = Predictor(adapted.network, PredictionSettings(size: size))
    space = source.classes
    mapping = try LabelMapping(from: source.classes, to: source.classes)
  }

  /// Shows and scores predictions in other classes than the network's own.
  ///
  /// - Throws: `Problem` where the network's classes are not known there.
  mutating func show(in space: LabelSpace) throws {
    mapping = try LabelMapping(from: source.classes, to: space)
    self.space = space
  }

  /// Predicted classes as they are shown and scored.
  func shown(_ labels: LabelMap) -> LabelMap { mapping(labels) }
}
