// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// The folder of a run and the places in it.
public struct RunFolder: Sendable {
  /// The folder.
  public let path: String

  /// The settings, resolved.
  public var config: String { "\(path)/config.yaml" }
  /// Versions, seed, and hashes of weights and images.
  public var manifest: String { "\(path)/manifest.json" }
  /// A line of terms for each step.
  public var metrics: String { "\(path)/metrics.jsonl" }
  /// A line of scores for each look at the validation images; of `train` alone.
  public var evaluations: String { "\(path)/evaluations.jsonl" }
  /// The label-free criteria, one object for each step at which they were computed.
  public var selection: String { "\(path)/selection.jsonl" }
  /// The folder of TensorBoard's event files.
  public var tensorboard: String { "\(path)/tensorboard" }
  /// The page about the run.
  public var report: String { "\(path)/report.html" }
  /// The folder of checkpoints.
  public var checkpoints: String { "\(path)/checkpoints" }
  /// The adapted weights as safetensors.
  public var adaptedSafetensors: String { "\(path)/adapted.safetensors" }
  /// The adapted weights for `torch.load`.
  public var adaptedPth: String { "\(path)/adapted.pth" }

  /// What decided between the network before the steps and after them.
  public var verdict: String { "\(path)/guard.json" }
  /// The adapted TorchScript module, of a run that adapted one.
  public var adaptedScript: String { "\(path)/adapted.pt" }

  /// The adapted network as `save_pretrained` writes it, of a run that began with such a folder.
  public var adaptedFolder: String { "\(path)/adapted" }

  /// The folder at a path, whether it is there or not.
  public init(_ path: String) {
    self.path = path
  }

  /// The command that made the run.
  ///
  /// - Throws: `Problem` where the manifest cannot be read.
  public var job: RunJob { get throws { try Manifest.read(manifest).job } }

  /// Of a run's settings those that name files by a path relative to where the run began, with the whole path, where
  /// that was in another folder.
  ///
  /// - Throws: `Problem` where the manifest cannot be read.
  func placed(_ values: [(name: String, value: String)]) throws -> [String: String] {
    try Manifest.read(manifest).placed(values)
  }

  /// Weights of a run of `train`: its "last" or its "best".
  public func weights(_ name: String) -> (safetensors: String, pth: String) {
    ("\(path)/\(name).safetensors", "\(path)/\(name).pth")
  }

  /// Refuses a place where a new run cannot be; changes nothing.
  ///
  /// - Throws: `Problem` where something is there already and `overwrite` is not asked for, and where the
  ///   folder could not be made.
  public func check(overwrite: Bool) throws {
    let files = FileManager.default
    if let obstacle = folderObstacle(path) {
      throw Problem(
        "cannot use the output folder", at: path, because: obstacle,
        remedy: "name another place you may write to")
    }
    let content = (try? files.contentsOfDirectory(atPath: path)) ?? []
    if !content.allSatisfy(isBeginning) {
      guard content.contains("config.yaml") || content.contains("manifest.json") else {
        throw Problem(
          "cannot use the output folder", at: path, because: "it holds other files and is no run of iapc",
          remedy: "name a new folder with --output")
      }
      // To replace it takes the lock itself.
      if !overwrite { try RunLock.check(path) }
      guard overwrite else {
        throw Problem(
          "the run folder is there already", at: path, because: "a run would replace what it holds",
          remedy: "go on with --resume \(path), replace it with --overwrite, or name another --output")
      }
    }
  }

  /// Whether there need be no more of a run than a kill leaves that came before the run began: its config.yaml
  /// is written last.
  private func isBeginning(_ name: String) -> Bool {
    switch name {
    case RunLock.name: true
    case "manifest.json": !FileManager.default.fileExists(atPath: config)
    case "checkpoints": (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) == []
    default: AtomicFile.target(ofTemporary: name).map(RunFolder.written.contains) ?? false
    }
  }

  /// Locks the folder for a run that begins or goes on; nil where there is none yet.
  ///
  /// - `note`: hears where the file system knows no locks.
  /// - Throws: a `Problem` where another process has it, and as `check` for a run that begins.
  func locked(for start: RunStart, note: (String) -> Void) throws -> RunLock? {
    if case .new(let overwrite) = start { try check(overwrite: overwrite) }
    return FileManager.default.fileExists(atPath: path) ? try RunLock(path, note: note) : nil
  }

  /// Makes the folder ready for a new run, without what an old one left, and fills it by `body`, which writes
  /// config.yaml last.
  ///
  /// - Throws: as `check`, and what the body throws; then what was made here goes again.
  public func prepare(overwrite: Bool, _ body: () throws -> Void = {}) throws {
    try check(overwrite: overwrite)
    let files = FileManager.default
    let isNew = !files.fileExists(atPath: path)
    clear()
    do {
      try makeFolder(checkpoints)
      try body()
    } catch {
      clear()
      if isNew { rmdir(path) }
      throw error
    }
  }

  /// Takes away what a run writes; anything else stays.
  private func clear() {
    removeTemporaries()
    for name in RunFolder.written { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }
  }

  /// What runs write; anything else a user put there stays.
  static let written: Set = [
    "config.yaml", "manifest.json", "metrics.jsonl", "checkpoints", "adapted.safetensors", "adapted.pth",
    "tensorboard", "report.html", "label-maps", "best.safetensors", "best.pth", "last.safetensors",
    "last.pth", "evaluations.jsonl", "selection.jsonl", "adapted.pt", "best.pt", "last.pt", "guard.json",
    "adapted",
  ]

  /// Bytes of the files that a run wrote here.
  var ownBytes: Int {
    let files = FileManager.default
    let content = ((try? files.contentsOfDirectory(atPath: path)) ?? []).filter(Self.written.contains)
    return content.flatMap { name in
      ["\(path)/\(name)"]
        + ((try? files.subpathsOfDirectory(atPath: "\(path)/\(name)")) ?? []).map { "\(path)/\(name)/\($0)" }
    }.reduce(0) { sum, file in
      let values = try? files.attributesOfItem(atPath: file)
      return sum + (values?[.type] as? FileAttributeType == .typeRegular ? values?[.size] as? Int ?? 0 : 0)
    }
  }
}

/// A step's number as file names have it, so that they sort.
package func sixDigits(_ step: Int) -> String {
  let number = String(step)
  return String(repeating: "0", count: max(0, 6 - number.count)) + number
}
