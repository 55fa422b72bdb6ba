// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// What a network took over from weights that it starts its training from.
public struct InitialisationReport: Equatable, Sendable {
  /// How the file names its entries.
  public var dialect: String?
  /// Names of the network that were taken over.
  public var taken: [String] = []
  /// Names of the network that keep their fresh values: the classifier, and what such files never have.
  public var fresh: [String] = []
  /// Entries of the file that are not used.
  public var unused: [String] = []
}

extension NetworkFile {
  /// Starts a network from the weights of its body: an ImageNet classifier's, Caffe's, or a whole network's
  /// of other classes. A classifier that fits is taken over too.
  ///
  /// - Throws: `Problem` where the file holds no body of this family or one that fits only in part; the
  /// network is then as before.
  @discardableResult
  public static func initialise(_ network: any Segmenter, from path: String) throws -> InitialisationReport {
    let checkpoint =
      try PretrainedFolder(path)?.checkpoint(tellsClasses: false) ?? read(path, bodies: true)
    let family = try NetworkFamily.named(network.name)
    guard let weights = try family.recogniseBody(checkpoint) else {
      throw unfit(
        path,
        "its \(checkpoint.tensors.count) entries are not those of a body of \(family.name)"
          + (checkpoint.tensors.first.map { " (the first is \($0.name))" } ?? ""))
    }
    let given = Dictionary(
      weights.checkpoint.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    var report = InitialisationReport(dialect: weights.dialect?.name)
    var chosen: [(name: String, tensor: StoredTensor)] = []
    let lacks = weights.dialect?.lacks ?? []
    for entry in network.store.entries {
      if let tensor = given[entry.name], tensor.shape == entry.tensor.shape {
        report.taken.append(entry.name)
        chosen.append((entry.name, tensor))
        continue
      }
      let isOptional =
        network.isHead(entry.name) || lacks.contains(where: entry.name.hasPrefix)
        || entry.name.hasSuffix(".num_batches_tracked")
      guard isOptional else {
        let found = given[entry.name].map { "has the shape \($0.shape)" } ?? "is missing"
        throw unfit(path, "\(entry.name) \(found), expected \(entry.tensor.shape) for \(network.variant)")
      }
      report.fresh.append(entry.name)
    }
    let rest = given.keys.filter { network.store[$0] == nil && !network.isHead($0) && !isSpare($0) }.sorted()
    if let first = rest.first {
      throw unfit(path, "the network has no place for \(rest.count) of its entries, \(first) among them")
    }
    let taken = Set(report.taken)
    report.unused = weights.ignored + weights.checkpoint.tensors.map(\.name).filter { !taken.contains($0) }
    try checkFinite(chosen.compactMap { NotFiniteEntry($0.name, Tensor($0.tensor)) }, at: path)
    network.store.take(chosen)
    return report
  }

  /// Entries that a body may have beyond a network's: counters of batches and an auxiliary classifier.
  private static func isSpare(_ name: String) -> Bool {
    name.hasSuffix(".num_batches_tracked") || name.hasPrefix("layer5.") || name.hasPrefix("layer6.")
  }

  private static func unfit(_ path: String, _ why: String) -> Problem {
    Problem(
      "cannot start from the weights", at: path, because: why,
      remedy: "name weights of the same body, or see `iapc inspect --weights`")
  }
}
