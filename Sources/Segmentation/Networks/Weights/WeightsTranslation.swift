// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// Weights of a file under the names of the network that they are of.
public struct RecognisedWeights: Sendable {
  /// Names are the network's, and `places` tells where the file has each.
  public internal(set) var checkpoint: Checkpoint
  /// How the file names its entries; nil where a family has one way only.
  public let dialect: WeightsDialect?
  /// How a SegFormer's file packs and names its entries; nil for other networks.
  var packing: SegFormerDialect?
  /// What was chosen or left out on the way, in words.
  public internal(set) var notes: [String] = []
  /// Entries of the file that are known and of no use to the network.
  public internal(set) var ignored: [String] = []
  /// Names that the dialect has a rule for.
  var ruled: Set<String> = []

  init(checkpoint: Checkpoint, dialect: WeightsDialect? = nil) {
    self.checkpoint = checkpoint
    self.dialect = dialect
  }

  /// How to write the weights as they came.
  var form: WeightsForm? {
    (dialect?.name ?? packing?.rawValue).map { WeightsForm(dialect: $0, places: checkpoint.places) }
  }
}

/// How weights lie in a file: what to keep when they are written again.
public struct WeightsForm: Equatable, Sendable {
  /// The dialect of the names.
  public let dialect: String
  /// The dictionaries around the weights, and the keys in them.
  public let places: CheckpointPlaces
}

extension WeightsDialect {
  /// The entries of a checkpoint under the network's names, those without a rule under their own.
  ///
  /// Of several sets of weights the first that is there is taken. Nil where the rules do not fit: nothing in
  /// a set, or two entries under one name.
  func translate(_ checkpoint: Checkpoint) -> RecognisedWeights? {
    let names = checkpoint.tensors.map { plain($0.name) }
    let set = sets.first { set in names.contains { $0.hasPrefix(set) } }
    guard sets.isEmpty || set != nil else { return nil }
    var found = RecognisedWeights(checkpoint: checkpoint, dialect: self)
    found.checkpoint.tensors = []
    found.checkpoint.places.keys = [:]
    var left: [String: Int] = [:]
    for (plainName, entry) in zip(names, checkpoint.tensors) {
      let other = sets.first { $0 != set && plainName.hasPrefix($0) }
      if other != nil || ignored.contains(where: plainName.hasPrefix) {
        if let other { left[other, default: 0] += 1 }
        found.ignored.append(entry.name)
        continue
      }
      let ruled = networkName(plainName, in: set ?? "")
      if let ruled { found.ruled.insert(ruled) }
      let name = ruled ?? entry.name
      let keys = checkpoint.places.keys[entry.name] ?? [entry.name]
      if keys != [name] {
        guard found.checkpoint.places.keys.updateValue(keys, forKey: name) == nil else { return nil }
      }
      found.checkpoint.tensors.append((name, entry.tensor))
    }
    guard Set(found.checkpoint.tensors.map(\.name)).count == found.checkpoint.tensors.count else {
      return nil
    }
    for (other, count) in left.sorted(by: { $0.key < $1.key }) {
      found.notes.append("took the weights under \(set ?? ""), left the \(count) under \(other)")
    }
    return found
  }

  /// Where a file of this dialect has the network's entries.
  /// - Throws: `Problem` where the dialect has no place for one.
  func places(of names: [String]) throws -> CheckpointPlaces {
    let isVGG = names.contains { $0.hasPrefix("features.") }
    guard bodies == .both || (bodies == .vgg) == isVGG else {
      throw Problem(
        "cannot write the weights", at: self.name,
        because: "the dialect has no names for a \(isVGG ? "VGG" : "ResNet")",
        remedy: "choose another dialect")
    }
    var places = CheckpointPlaces(around: around)
    for name in names {
      guard let rule = rules.lazy.compactMap({ Self.replace($0.network, by: $0.file, in: name) }).first,
        networkName((sets.first ?? "") + rule, in: sets.first ?? "") == name
      else {
        throw Problem(
          "cannot write the weights", at: name, because: "the dialect \(self.name) has no name for it",
          remedy: "choose another dialect")
      }
      var full = (sets.first ?? "") + rule
      if let half = halves.first(where: full.hasPrefix) {
        full.removeFirst(half.count)
        places.keys[name] = [String(half.dropLast()), full]
      } else if full != name {
        places.keys[name] = [full]
      }
    }
    return places
  }

  /// The name without what wrappers put before it, or between a half and its names.
  private func plain(_ name: String) -> String {
    let half = halves.first(where: name.hasPrefix) ?? ""
    var rest = name.dropFirst(half.count)
    while let wrapper = Self.wrappers.first(where: rest.hasPrefix) { rest = rest.dropFirst(wrapper.count) }
    return half + rest
  }

  private func networkName(_ name: String, in set: String) -> String? {
    guard name.hasPrefix(set) else { return nil }
    let inner = String(name.dropFirst(set.count))
    return rules.lazy.compactMap { Self.replace($0.file, by: $0.network, in: inner) }.first
  }

  /// The name with its beginning `pattern` replaced; nil where it begins otherwise. A `#` of the pattern
  /// takes a number, which the replacement's `#` gets.
  private static func replace(_ pattern: String, by replacement: String, in name: String) -> String? {
    guard let mark = pattern.firstIndex(of: "#") else {
      return name.hasPrefix(pattern) ? replacement + name.dropFirst(pattern.count) : nil
    }
    let head = pattern[..<mark]
    guard name.hasPrefix(head) else { return nil }
    let number = name.dropFirst(head.count).prefix { $0.isASCII && $0.isNumber }
    let rest = name.dropFirst(head.count + number.count)
    let tail = pattern[pattern.index(after: mark)...]
    guard !number.isEmpty, rest.hasPrefix(tail) else { return nil }
    return replacement.replacing("#", with: number) + rest.dropFirst(tail.count)
  }
}

extension Checkpoint {
  /// The shape of each entry; of two under one name the first one's.
  var shapes: [String: [Int]] {
    Dictionary(tensors.map { ($0.name, $0.tensor.shape) }, uniquingKeysWith: { first, _ in first })
  }
}
