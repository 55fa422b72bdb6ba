// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Torch

/// A network that could be shipped: weights in a file, or those of a run's checkpoint.
public struct SelectionCandidate: Sendable {
  /// Unique among the candidates: "runs/a/step-000150".
  public let name: String
  /// What was named to find it: a run, a folder; the first part of the name. Empty for files.
  public let group: String
  /// The checkpoint or weights file.
  public let file: String
  /// The steps that its run had done; nil where it is not a checkpoint of a run.
  public let step: Int?
  /// The run that a checkpoint belongs to.
  public let run: RunFolder?
  /// Whether the run averages its student, and this is the average after `step`.
  public let isAverage: Bool

  /// Whether these are the weights that a run ended with, in the form in which they are shipped.
  public var isAdapted: Bool {
    let last = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
    return step == nil && last == "adapted"
  }
}

extension SelectionCandidate {
  private static let endings: Set = ["safetensors", "pth", "pt"]

  /// The candidates that paths stand for, in order: the checkpoints of a run and its adapted weights, the
  /// weights files of another folder by name, or a file.
  ///
  /// - Throws: a `Problem` for a path without weights.
  public static func find(at paths: [String]) throws -> [SelectionCandidate] {
    var seen: Set<String> = []
    return try paths.flatMap { path in
      try found(at: path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
    }.filter { seen.insert($0.file).inserted }
  }

  private static func found(at path: String) throws -> [SelectionCandidate] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Problem(
        "cannot find the weights", at: path, because: "there is no such folder or file",
        remedy: "name a run folder, a folder of weights, or weights")
    }
    guard isFolder.boolValue else { return [try candidate(path, group: "")] }
    let run = RunFolder(path)
    let found = isRun(run) ? try checkpoints(of: run) : []
    let files =
      isRun(run) ? [run.adaptedSafetensors].filter(FileManager.default.fileExists) : weights(in: path)
    let all = try found + files.map { try candidate($0, group: path) }
    guard !all.isEmpty else {
      throw Problem(
        "there are no weights to choose from", at: path,
        because: isRun(run)
          ? "the run has neither checkpoints nor adapted weights"
          : "it holds no file that ends in .safetensors, .pth or .pt",
        remedy: "name a folder that holds some")
    }
    return all
  }

  private static func isRun(_ folder: RunFolder) -> Bool {
    FileManager.default.fileExists(atPath: folder.manifest) && (try? folder.job) == .adapt
  }

  private static func checkpoints(of run: RunFolder) throws -> [SelectionCandidate] {
    let isAverage = try averages(run)
    return run.storedSteps().reversed().map { step in
      SelectionCandidate(
        name: "\(run.path)/step-\(sixDigits(step))", group: run.path, file: run.checkpoint(step), step: step,
        run: run, isAverage: isAverage)
    }
  }

  private static func averages(_ run: RunFolder) throws -> Bool {
    try AdaptationSettings(ofRun: run).adapted == .teacher
  }

  private static func weights(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { name in
      endings.contains((name as NSString).pathExtension.lowercased()) && !name.hasPrefix(".")
    }.map { "\(folder)/\($0)" }
  }

  /// A file, which is a checkpoint where it lies among those of a run.
  private static func candidate(_ file: String, group: String) throws -> SelectionCandidate {
    let (folder, last) = (parentFolder(of: file), (file as NSString).lastPathComponent)
    let run = RunFolder(parentFolder(of: folder))
    let step = RunFolder.step(ofCheckpoint: last)
    let isOfRun = step != nil && (folder as NSString).lastPathComponent == "checkpoints" && isRun(run)
    let isAdapted = last == "adapted.safetensors"
    return try SelectionCandidate(
      name: isAdapted ? (file as NSString).deletingPathExtension : file, group: group, file: file,
      step: isOfRun ? step : nil, run: isOfRun ? run : nil, isAverage: isOfRun && averages(run))
  }
}

/// Loads candidates, each as its own file and run have it.
package struct CandidateLoader {
  /// Loads a weights file.
  let load: (String) throws -> LoadedNetwork
  /// Where networks of runs compute.
  let device: String

  package init(load: @escaping (String) throws -> LoadedNetwork, device: String) {
    (self.load, self.device) = (load, device)
  }

  package func network(_ candidate: SelectionCandidate) throws -> LoadedNetwork {
    guard let run = candidate.run else { return try load(candidate.file) }
    let file = try CheckpointFile.read(candidate.file)
    guard file.seal != .broken else {
      throw refused(candidate, "its content is not what was written: its SHA-256 is another")
    }
    let template = try template(of: run)
    let adapted = try AdaptationSettings(ofRun: run).adapted
    let report = template.network.store.load(file.tensors.part(adapted.prefix))
    guard report.isExact else {
      throw refused(candidate, "for \(template.network.name) it has \(report.summary)")
    }
    return LoadedNetwork(
      network: template.network, classes: template.classes, file: candidate.file,
      sha256: try FileHash.sha256(ofFile: candidate.file), form: template.form)
  }

  private func refused(_ candidate: SelectionCandidate, _ why: String) -> Problem {
    Problem(
      "cannot take weights out of the checkpoint", at: candidate.file, because: why,
      remedy: "leave it out, or restore it from a copy")
  }

  /// A network of the kind that a run adapts, with any weights.
  private func template(of run: RunFolder) throws -> LoadedNetwork {
    if FileManager.default.fileExists(atPath: run.adaptedSafetensors) {
      return try load(run.adaptedSafetensors)
    }
    return try source(of: run)
  }

  /// The network that a run began with.
  func source(of run: RunFolder) throws -> LoadedNetwork {
    var settings = try AdaptationSettings(ofRun: run)
    settings.device = device
    return try settings.loadNetwork()
  }
}
