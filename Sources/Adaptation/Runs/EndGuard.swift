// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

/// What the guard at the end of a run decided: `guard.json` of a run folder.
public struct GuardVerdict: Codable, Equatable, Sendable {
  /// The score without labels of the network before the first step.
  public let start: Double
  /// The score without labels of the network after the last step.
  public let adapted: Double

  /// Whether the steps made the score lower, so that the network before them was saved.
  public var isWorse: Bool { adapted < start }

  /// The verdict of a run; nil where the run had no guard, or has not ended.
  ///
  /// - Throws: a `Problem` where the file cannot be read.
  public static func read(_ run: RunFolder) throws -> Self? {
    guard FileManager.default.fileExists(atPath: run.verdict) else { return nil }
    let bytes = try FileBytes.read(run.verdict)
    do { return try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
      throw Problem(
        "cannot read the guard's scores", at: run.verdict, because: "the file is damaged",
        remedy: "remove the file")
    }
  }

  /// What a user is told.
  var note: String {
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    let scores = "score without labels \(text(adapted)) after the steps, \(text(start)) before"
    return isWorse
      ? "the steps made the network worse: saved is the network before them (\(scores); "
        + "selection.guard=off saves the adapted one)"
      : "guard: \(scores)"
  }
}

/// Compares the network that a run ends with and the network that the run began with, and ships the better one.
///
/// A user without labels cannot see harm. Both networks predict the same few images, and `LabelFreeScore` decides. The
/// score falls with a collapse and with predictions that change under mirroring. A network that is wrong in the same way
/// on an image and its mirror image the score does not see.
struct EndGuard {
  /// The network as it was before the first step, with its first statistics.
  private let start: any Segmenter
  private let probe: ProbeImages

  /// - `network`: as it is before the first step; a copy of it is kept.
  /// - `probe`: read before the first step, for images may become unreadable during a run.
  init(_ network: any Segmenter, _ probe: ProbeImages) {
    (start, self.probe) = (network.copy(), probe)
  }

  /// The better of the two networks, and why.
  func choose(_ adapted: any Segmenter) throws -> (
    shipped: any Segmenter, verdict: GuardVerdict
  ) {
    func score(_ network: any Segmenter) throws -> Double {
      // A copy: it can only predict afterwards.
      let value = try probe.score(of: network.copy()).value
      return value.isFinite ? value : 0
    }
    let verdict = GuardVerdict(start: try score(start), adapted: try score(adapted))
    return (verdict.isWorse ? start : adapted, verdict)
  }
}
