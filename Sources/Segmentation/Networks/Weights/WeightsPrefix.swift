// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// Sees through the prefixes that training programs put before the names of a network's entries.
extension NetworkFile {
  /// A checkpoint file, its entries under the names that a network has without what a trainer put before them.
  ///
  /// Of the prefixes whose removal gives a known network the shortest is taken; of several networks side by side one
  /// that learns before one that is averaged, and else the first. The checkpoint's notes tell it.
  ///
  /// - `entry`: the set of weights to take where there are several: "teacher".
  /// - `bodies`: whether a body without a classifier is enough.
  /// - Throws: `Problem` as `stored(_:)` does.
  public static func read(_ path: String, entry: String? = nil, bodies: Bool = false) throws -> Checkpoint {
    if let entry {
      let whole = try? CheckpointFile.read(path)
      if let part = whole?.under("\(entry).") { return part }
      guard whole?.format != .safetensors else {
        throw Problem(
          "cannot take the weights out of the file", at: path,
          because: "no entry's name begins with \"\(entry).\"",
          remedy: "see their names with `iapc inspect --entries \(path)`")
      }
      return seenThrough(try CheckpointFile.read(path, entry: entry), bodies, path)
    }
    return seenThrough(try stored(path), bodies, path)
  }

  private static func seenThrough(_ checkpoint: Checkpoint, _ bodies: Bool, _ path: String) -> Checkpoint {
    var result = checkpoint
    var left = checkpoint.otherSets
    if !isKnown(checkpoint, bodies: false), !isKnown(checkpoint, bodies: true) {
      let fitting = fittingPrefixes(of: checkpoint, bodies)
      if let (prefix, part) = fitting.min(by: { rank($0.prefix) < rank($1.prefix) }) {
        let others = fitting.filter { $0.prefix != prefix }
        let rest = checkpoint.tensors.filter { entry in
          !entry.name.hasPrefix(prefix) && !others.contains { entry.name.hasPrefix($0.prefix) }
        }
        result = part
        left += others.map { String($0.prefix.dropLast()) }
        result.notes.append("took the prefix \(prefix) off the names of \(part.tensors.count) entries")
        if let first = rest.first {
          result.notes.append(
            "left \(rest.count) \(rest.count == 1 ? "entry" : "entries") without it: \(first.name)")
        }
      }
    }
    if let first = left.first {
      let names = left.prefix(4).joined(separator: ", ") + (left.count > 4 ? ", ..." : "")
      let taken = result.wrapper.map { "took the weights under \($0), " } ?? ""
      result.notes.append(
        "\(taken)left those under \(names) (`iapc convert --entry \(first) \(path) other.pth` takes them)")
    }
    return result
  }

  /// Whether the entries are those of a network, or of a body, even one that is of no use.
  private static func isKnown(_ checkpoint: Checkpoint, bodies: Bool) -> Bool {
    NetworkFamily.all.contains { family in
      do {
        return try (bodies ? family.recogniseBody(checkpoint) : family.recognise(checkpoint)) != nil
      } catch { return true }
    }
  }

  private typealias Part = (prefix: String, checkpoint: Checkpoint)

  /// Fewer entries are no network.
  private static let fewestEntries = 8
  /// More prefixes than trainers wrap networks in; each is tried.
  private static let mostPrefixes = 64
  /// More modules than any network stands in.
  private static let deepest = 6

  /// The prefixes whose removal gives a network, each with what stands under it, in the file's order.
  private static func fittingPrefixes(of checkpoint: Checkpoint, _ bodies: Bool) -> [Part] {
    var counts: [String: Int] = [:]
    var order: [String] = []
    for (name, _) in checkpoint.tensors {
      var depth = 0
      for index in name.indices where name[index] == "." && depth < deepest {
        depth += 1
        let prefix = String(name[...index])
        if counts.updateValue((counts[prefix] ?? 0) + 1, forKey: prefix) == nil { order.append(prefix) }
      }
    }
    let wide = Set(
      order.filter { counts[$0] ?? 0 >= fewestEntries }.sorted { counts[$0] ?? 0 > counts[$1] ?? 0 }
        .prefix(mostPrefixes))
    for wanted in bodies ? [false, true] : [false] {
      var fitting: [Part] = []
      // A shorter prefix comes before those that begin with it.
      for prefix in order.filter(wide.contains)
      where !fitting.contains(where: { prefix.hasPrefix($0.prefix) }) {
        guard let part = checkpoint.under(prefix), isKnown(part, bodies: wanted) else { continue }
        fitting.append((prefix, part))
      }
      if !fitting.isEmpty { return fitting }
    }
    return []
  }

  /// What networks that follow another one are called.
  private static let averages: Set<Substring> = [
    "teacher", "ema", "average", "averaged", "avg", "swa", "slow", "momentum", "shadow", "target",
  ]

  private static func rank(_ prefix: String) -> Int {
    let words = prefix.lowercased().split { $0 == "." || $0 == "_" }
    return words.contains(where: averages.contains) ? 1 : 0
  }
}

extension Checkpoint {
  /// The entries whose names begin with a prefix, without it, written back where they stood; nil where there are none.
  func under(_ prefix: String) -> Checkpoint? {
    var part = self
    part.tensors = []
    part.places.keys = [:]
    for (name, tensor) in tensors where name.hasPrefix(prefix) && name != prefix {
      let short = String(name.dropFirst(prefix.count))
      part.tensors.append((short, tensor))
      part.places.keys[short] = places.keys[name] ?? [name]
    }
    part.wrapper = (wrapper.map { "\($0), " } ?? "") + "prefix \(prefix)"
    return part.tensors.isEmpty ? nil : part
  }
}
