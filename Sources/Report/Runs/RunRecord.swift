// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation

/// What a run's own files tell of it.
struct RunRecord {
  let folder: RunFolder
  let settings: AdaptationSettings
  let manifest: Manifest
  /// The lines of `metrics.jsonl`: the terms of the loss, step by step.
  let metrics: [LogLine]
  /// The lines of `selection.jsonl`: the label-free criteria; none in a run that did not compute them.
  let selection: [LogLine]
  /// What the guard at the end decided; nil for a run without it.
  let verdict: GuardVerdict?

  /// The folder's last name: what the run is called here.
  var name: String {
    let last = URL(fileURLWithPath: folder.path).standardizedFileURL.lastPathComponent
    return last.isEmpty ? folder.path : last
  }

  /// Whether it ran to its end.
  var isFinished: Bool { FileManager.default.fileExists(atPath: folder.adaptedSafetensors) }

  /// Reads the files of a run folder.
  ///
  /// - `weights`: where its source weights are now; nil for where they were.
  /// - Throws: `Problem` where the folder is none of a run of `adapt`, or a file of it cannot be read.
  init(_ path: String, weights: String? = nil) throws {
    folder = RunFolder(path)
    let files = FileManager.default
    guard files.fileExists(atPath: folder.config), files.fileExists(atPath: folder.manifest) else {
      throw Problem(
        "cannot report the run", at: path,
        because: files.fileExists(atPath: path)
          ? "it is no run of `iapc adapt`: config.yaml or manifest.json is missing"
          : "there is no such folder",
        remedy: "name the folder that --output named")
    }
    manifest = try Manifest.read(folder.manifest)
    guard manifest.job == .adapt else {
      throw Problem(
        "cannot report the run", at: path,
        because: "it is a run of `iapc \(manifest.job)`, and a report compares before and after adaptation",
        remedy: "name a run of `iapc adapt`, or look at \(folder.tensorboard) with TensorBoard")
    }
    var settings = try AdaptationSettings(ofRun: folder)
    if let weights { settings.weightsFile = weights }
    self.settings = settings
    metrics = try LogLine.read(folder.metrics)
    selection = try LogLine.read(folder.selection)
    verdict = try GuardVerdict.read(folder)
  }

  /// The step that the label-free criteria put first; nil where the run computed none.
  var suggestedStep: Int? {
    (try? SelectionPoint.read(folder.selection)).flatMap {
      SelectionPoint.suggestedStep(
        among: $0, bound: settings.collapseDrift, averaged: settings.adapted == .teacher)
    }
  }

  /// The step whose weights the run ended with; nil where it has not ended.
  var savedStep: Int? { isFinished ? metrics.last?.step : nil }

  /// The names of a log's numbers: those of the method first, in the order of its description.
  static func names(in lines: [LogLine]) -> [String] {
    let found = Set(lines.flatMap(\.numbers.keys)).subtracting(["seconds"])
    let known = ["total", "ia", "pe", "ps_label", "ps_prototype", "im"]
    let late = ["gradient_norm", "learning_rate"]
    let others = found.subtracting(known).subtracting(late).sorted()
    return known.filter(found.contains) + others + late.filter(found.contains)
  }
}
