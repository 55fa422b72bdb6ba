// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation

extension Peers {
  /// Ends the job unless all processes have the same of everything that its result depends on.
  ///
  /// - `facts`: what has to be equal, by name.
  /// - Throws: a `PeerFailure` that names the first process that differs, and in what.
  public func checkAgreement(_ facts: [(name: String, value: String)]) throws {
    let own = facts.flatMap { [$0.name, $0.value] }
    let all: [[String]]
    do {
      all = try group.gather(Array(JSONEncoder().encode(own))).map {
        try JSONDecoder().decode([String].self, from: Data($0))
      }
    } catch { return try check() }
    for (rank, other) in all.enumerated() where other != all[0] {
      let place = zip(other, all[0]).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
      let name = other[place - place % 2]
      throw PeerFailure(
        Problem(
          "the job's processes do not agree", at: "rank \(rank)",
          because: "its \(name): \(short(other[place])), that of rank 0: \(short(all[0][place]))",
          remedy: "start them all with the same files, settings and version of iapc"),
        tells: isFirst)
    }
  }

  /// Each process needs an image of every batch.
  ///
  /// - Throws: a `PeerFailure` where there are too few.
  public func checkShares(ofBatch batch: Int) throws {
    guard batch < count else { return }
    throw PeerFailure(
      Problem(
        "cannot share the batch among the processes", at: "--batch \(batch)",
        because: "there are \(count) processes, and --batch counts the images of all",
        remedy: "use a --batch of at least \(count), or fewer processes"),
      tells: isFirst)
  }

  /// Refuses a method whose step cannot be shared, and parts of a batch that separate images which are mixed.
  ///
  /// - Throws: a `PeerFailure` that says what to do.
  func checkMethod(_ settings: AdaptationSettings) throws {
    func refused(_ place: String, _ why: String, _ remedy: String) -> PeerFailure {
      PeerFailure(
        Problem("cannot share the run among the processes", at: place, because: why, remedy: remedy),
        tells: isFirst)
    }
    guard settings.method.sharesBatches else {
      throw refused(
        "--method \(settings.method.rawValue)", "what it learns from a batch depends on all of its images",
        "run it in one process")
    }
    guard settings.method == .iapc, settings.iapc.mixing.classes, settings.batch % (2 * count) != 0 else {
      return
    }
    throw refused(
      "--batch \(settings.batch)",
      "classes are mixed in pairs of images, and a pair would be in two processes",
      "use a --batch of a multiple of \(2 * count), or --set method.class_mix=off")
  }

  private func short(_ text: String) -> String { text.count > 80 ? "\(text.prefix(80))..." : text }
}

extension Manifest {
  /// What several processes must have in common.
  func facts<Root: RunSettings>(_ root: Root.Type) -> [(name: String, value: String)] {
    let others = (settings ?? [:]).filter { !Root.free.contains($0.key) }.sorted { $0.key < $1.key }
    return [("version of iapc", versions.iapc), ("number of steps", settings?["schedule.steps"] ?? "")]
      + contents.map { ($0.name, $0.sha256 ?? "none") } + others.map { ("setting \($0.key)", $0.value) }
  }
}

extension ImageList {
  /// The names of all images, as one text to compare.
  public var listing: String { Adaptation.listing(entries.map(\.name)) }
}

extension LabelledImages {
  /// The names of all images, as one text to compare.
  public var listing: String { Adaptation.listing(entries.map(\.image.name)) }
}

private func listing(_ names: [String]) -> String {
  FileHash.sha256(of: Array(names.joined(separator: "\n").utf8))
}
