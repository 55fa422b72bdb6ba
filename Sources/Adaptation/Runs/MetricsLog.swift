// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A training step's line in `metrics.jsonl`.
public struct StepRecord: Sendable {
  /// From 1.
  public let step: Int
  public let report: StepReport
  public let learningRate: Double
  public let seconds: Double
  /// The files of the step's images, where they are known; not in the line.
  public let images: [String]

  public init(
    step: Int, report: StepReport, learningRate: Double, seconds: Double, images: [String] = []
  ) {
    self.step = step
    self.report = report
    self.learningRate = learningRate
    self.seconds = seconds
    self.images = images
  }

  /// One JSON object. Terms stand under their names, after the step and the total.
  var line: String {
    var fields = [("step", String(step)), ("total", json(report.total))]
    fields += report.terms.map { ($0.name, json($0.value)) }
    fields += [("learningRate", json(learningRate)), ("seconds", json((seconds * 1e4).rounded() / 1e4))]
    return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  private func json(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}

/// `metrics.jsonl`: one object a step, readable while the run goes on.
final class MetricsLog {
  private let path: String
  private let file: FileHandle

  /// - Parameter keeping: steps whose lines stay; later ones are of work that was lost, and go.
  init(_ path: String, keeping steps: Int) throws {
    self.path = path
    let old = steps > 0 ? ((try? FileBytes.read(path)) ?? []) : []
    let lines = old.split(separator: UInt8(ascii: "\n")).prefix(steps)
    let kept = lines.map { Array($0) + [UInt8(ascii: "\n")] }
    try AtomicFile.write(Array(kept.joined()), to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw Problem(
        "cannot write the metrics", at: path, because: "the file cannot be opened",
        remedy: "check that you may write to the run folder")
    }
    self.file = file
    _ = try file.seekToEnd()
  }

  func append(_ record: StepRecord) throws {
    do { try file.write(contentsOf: Data((record.line + "\n").utf8)) } catch {
      throw Problem(
        "cannot write the metrics", at: path, because: "\(error.localizedDescription)",
        remedy: "make room, then go on with --resume")
    }
  }

  deinit { try? file.close() }
}
