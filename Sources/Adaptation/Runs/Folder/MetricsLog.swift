// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A training step's line in `metrics.jsonl`.
public struct StepRecord: Sendable {
  /// From 1.
  public let step: Int
  /// What the step found.
  public let report: StepReport
  /// The learning rate of the body.
  public let learningRate: Double
  /// How long the step took.
  public let seconds: Double
  /// The files of the step's images, where they are known; not in the line.
  public let images: [String]

  /// A line of the log.
  public init(
    step: Int, report: StepReport, learningRate: Double, seconds: Double, images: [String] = []
  ) {
    self.step = step
    self.report = report
    self.learningRate = learningRate
    self.seconds = seconds
    self.images = images
  }

  /// One JSON object. Terms stand under their names, after the step and the total; `skipped` only where the
  /// step was.
  package var line: String {
    var fields = [("step", String(step)), ("total", json(report.total))]
    fields += report.terms.map { ($0.name, json($0.value)) }
    if let norm = report.gradientNorm { fields.append(("gradient_norm", json(norm))) }
    fields += [("learning_rate", json(learningRate)), ("seconds", json((seconds * 1e4).rounded() / 1e4))]
    if !report.isApplied { fields.append(("skipped", "true")) }
    return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  private func json(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}

/// `metrics.jsonl`: one object a step, readable while the run goes on.
final class MetricsLog {
  private let path: String
  private let file: FileHandle
  /// What to say of lines that should be there and are not.
  let gap: String?

  private struct Line: Decodable { let step: Int }

  /// - `steps`: steps whose lines stay; later ones are of work that was lost, and go with what is no line.
  init(_ path: String, keeping steps: Int) throws {
    self.path = path
    let isThere = steps > 0 && FileManager.default.fileExists(atPath: path)
    var (kept, found): ([UInt8], [Int]) = ([], [])
    for line in (isThere ? try FileBytes.read(path) : []).split(separator: UInt8(ascii: "\n")) {
      guard let step = try? JSONDecoder().decode(Line.self, from: Data(line)).step,
        step > found.last ?? 0, step <= steps
      else { continue }
      kept += line + [UInt8(ascii: "\n")]
      found.append(step)
    }
    let missing = Set(1..<steps + 1).subtracting(found)
    gap = missing.min().map {
      "\(path) lacks \(missing.count) of the \(steps) steps that were done, first step \($0): "
        + "it goes on without them"
    }
    try AtomicFile.write(kept, to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw Problem(
        "cannot write the metrics", at: path, because: "the file cannot be opened",
        remedy: "check that you may write to the run folder")
    }
    self.file = file
    _ = try file.seekToEnd()
  }

  func append(_ record: StepRecord) throws {
    let line = Data((record.line + "\n").utf8)
    do { try file.write(contentsOf: line) } catch {
      throw problem("\(error.localizedDescription); \(line.count) bytes are needed a step")
    }
  }

  /// Waits until the lines are on the disk.
  func settle() throws {
    do { try file.synchronize() } catch { throw problem(error.localizedDescription) }
  }

  private func problem(_ why: String) -> Problem {
    Problem(
      "cannot write the metrics", at: path, because: why,
      remedy: "check the disk and make room, then go on with --resume")
  }

  deinit { try? file.close() }
}
