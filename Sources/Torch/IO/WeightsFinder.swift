// SPDX-License-Identifier: Apache-2.0

import Files

/// Finds the state dict in what a checkpoint's pickle says.
struct WeightsFinder {
  let place: String
  /// The path of the wanted set of weights, with points between its parts; nil takes the best known one.
  let entry: String?

  struct Found {
    var tensors: [(name: String, record: TensorRecord)] = []
    var metadata: [String: String] = [:]
    var wrapper: String?
    var others: [String] = []
    var otherSets: [String] = []
    var places = CheckpointPlaces()
  }

  private struct Candidate {
    let path: [String]
    let entries: [PickleEntry]
    /// The keys of each entry below `path`, where they are more than the entry's own.
    var keys: [[String]]?
    var name: String { path.joined(separator: ".") }
  }

  private struct Search {
    var candidates: [Candidate] = []
    /// Entries looked at: a small pickle may hold one dictionary in very many places.
    var visited = 0
  }

  /// Names under which training programs put their weights, the likeliest first.
  private static let known = [
    "state_dict", "model_state_dict", "model", "model_state", "net", "network", "student", "module",
    "segmenter",
    "weights", "params",
  ]
  /// Names under which tensors lie that are no weights.
  private static let never: Set<String> = [
    "optimizer", "optimizer_state", "optimizer_state_dict", "optim", "opt", "optimizers", "optimizer_states",
    "scheduler", "lr_scheduler", "amp", "scaler", "grad_scaler",
  ]
  /// Names of networks that follow another one, which is taken before them.
  private static let averages: Set<String> = [
    "teacher", "ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict", "teacher_state_dict",
  ]
  private static let deepest = 3
  /// Of the key of a dictionary that weights lie in, in bytes; others count as no place of weights.
  private static let longestKey = 128

  /// - Throws: `Problem` where there are no weights, or several sets and nothing tells which is meant.
  func find(in object: PickleValue) throws -> Found {
    guard case .dict(let top) = object else {
      if case .name(let name) = object {
        throw unreadable(
          place, "it holds `\(name)`, which only its own Python code can open",
          wholeModuleRemedy)
      }
      throw unreadable(
        place, "it holds no dictionary of tensors",
        "save the weights with torch.save(model.state_dict(), path)")
    }
    var search = Search()
    try collect(top, [], &search)
    let candidates = search.candidates
    let bare = Candidate(path: [], entries: top)
    let chosen: Candidate
    if let entry {
      chosen = try named(entry, candidates)
    } else if !candidates.contains(where: { rank($0) < Self.known.count }), isWeights(top) {
      chosen = bare
    } else if let best = try best(candidates) {
      chosen = best
    } else if let joined = joined(candidates) {
      return try finish(joined, top, taken: ["feature_extractor", "classifier"], [])
    } else {
      guard candidates.isEmpty, top.contains(where: { isTensor($0.value) }) else {
        throw candidates.isEmpty ? noWeights() : ambiguous(candidates)
      }
      chosen = bare
    }
    return try finish(chosen, top, taken: [], candidates.map(\.name).filter { $0 != chosen.name })
  }

  // MARK: - Candidates

  private func collect(_ entries: [PickleEntry], _ path: [String], _ search: inout Search) throws {
    for entry in entries {
      guard case .string(let key) = entry.key, case .dict(let inner) = entry.value, !Self.never.contains(key),
        key.utf8.count <= Self.longestKey
      else { continue }
      search.visited += inner.count
      guard search.visited <= PickleHeap.mostNodes else {
        throw damaged(place, "its dictionaries hold each other too often")
      }
      if isWeights(inner) {
        search.candidates.append(Candidate(path: path + [key], entries: inner))
      } else if path.count + 1 < Self.deepest {
        try collect(inner, path + [key], &search)
      }
    }
  }

  /// At least half of the entries are tensors, and all have text keys.
  private func isWeights(_ entries: [PickleEntry]) -> Bool {
    let tensors = entries.count { isTensor($0.value) }
    return tensors > 0 && 2 * tensors >= entries.count && entries.allSatisfy { text($0.key) != nil }
  }

  private func rank(_ candidate: Candidate) -> Int {
    candidate.path.reversed().compactMap { Self.known.firstIndex(of: $0) }.first
      ?? Self.known.count + (candidate.path.contains(where: Self.averages.contains) ? 1 : 0)
  }

  /// The one candidate that stands before all others; nil where two are alike.
  private func best(_ candidates: [Candidate]) throws -> Candidate? {
    guard let least = candidates.map(rank).min() else { return nil }
    let leading = candidates.filter { rank($0) == least }
    guard leading.count > 1 else { return leading[0] }
    if least >= Self.known.count { return nil }
    let shortest = leading.map(\.path.count).min() ?? 0
    let outermost = leading.filter { $0.path.count == shortest }
    guard outermost.count == 1 else { throw ambiguous(leading) }
    return outermost[0]
  }

  private func named(_ entry: String, _ candidates: [Candidate]) throws -> Candidate {
    guard let found = candidates.first(where: { $0.name == entry }) else {
      throw unreadable(
        place, "it holds no set of weights named \"\(entry)\"",
        "choose one of: \(list(candidates))")
    }
    return found
  }

  /// The two halves of a network that were saved apart, under their own prefixes.
  private func joined(_ candidates: [Candidate]) -> Candidate? {
    guard let features = candidates.first(where: { $0.path == ["feature_extractor"] }),
      let classifier = candidates.first(where: { $0.path == ["classifier"] })
    else { return nil }
    let halves = [features, classifier].flatMap { half in
      half.entries.map { (keys: [half.name, text($0.key) ?? ""], value: $0.value) }
    }
    return Candidate(
      path: [], entries: halves.map { PickleEntry(.string($0.keys.joined(separator: ".")), $0.value) },
      keys: halves.map(\.keys))
  }

  private func noWeights() -> Problem {
    unreadable(
      place, "no entry is a dictionary of tensors",
      "save the weights with torch.save(model.state_dict(), path)")
  }

  private func ambiguous(_ candidates: [Candidate]) -> Problem {
    unreadable(
      place, "it holds several sets of weights: \(list(candidates))",
      "take one of them out: `iapc convert --entry \(candidates.first?.name ?? "NAME") \(place) one.pth`")
  }

  private func list(_ candidates: [Candidate]) -> String {
    if candidates.isEmpty { return "(none)" }
    return candidates.prefix(8).map(\.name).joined(separator: ", ") + (candidates.count > 8 ? ", ..." : "")
  }

  // MARK: - Result

  private func finish(
    _ chosen: Candidate, _ top: [PickleEntry], taken: Set<String>, _ otherSets: [String]
  ) throws -> Found {
    var found = Found()
    found.otherSets = otherSets
    noteOthers(top, Array(chosen.path[...]), prefix: "", taken, &found)
    var position: [String: Int] = [:]
    var keys: [[String]] = []
    for (index, entry) in chosen.entries.enumerated() {
      guard let name = text(entry.key) else { continue }
      guard case .tensor(let record) = entry.value else {
        if !chosen.path.isEmpty { found.others.append("\(chosen.name).\(name)") }
        continue
      }
      if let at = position[name] {
        found.tensors[at].record = record
      } else {
        position[name] = found.tensors.count
        found.tensors.append((name, record))
        keys.append(chosen.keys?[index] ?? [name])
      }
    }
    try Checkpoint.checkCount(found.tensors.count, place: place)
    let prefixes = KeyPrefixes.takeOff(&found.tensors, name: \.name)
    found.places.around = chosen.path
    for (key, entry) in zip(keys, found.tensors) where key != [entry.name] {
      found.places.keys[entry.name] = key
    }
    let steps = [chosen.name] + prefixes
    found.wrapper = steps.filter { !$0.isEmpty }.joined(separator: ", ")
    if found.wrapper == "" { found.wrapper = nil }
    return found
  }

  /// Lists what lies beside the path to the weights, and keeps its plain numbers and texts.
  private func noteOthers(
    _ entries: [PickleEntry], _ path: [String], prefix: String, _ taken: Set<String>, _ found: inout Found
  ) {
    for entry in entries {
      guard let key = text(entry.key) else { continue }
      if key == path.first {
        if path.count > 1, case .dict(let inner) = entry.value {
          noteOthers(inner, Array(path.dropFirst()), prefix: "\(prefix)\(key).", [], &found)
        }
        continue
      }
      if path.isEmpty && isTensor(entry.value) || taken.contains(key) { continue }
      found.others.append(prefix + key)
      found.metadata[prefix + key] = plain(entry.value)
    }
  }

  private func isTensor(_ value: PickleValue) -> Bool {
    if case .tensor = value { true } else { false }
  }

  private func text(_ value: PickleValue) -> String? {
    if case .string(let text) = value { text } else { nil }
  }

  private func plain(_ value: PickleValue) -> String? {
    switch value {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value) where value.utf8.count <= 4096: value
    default: nil
    }
  }
}
