// SPDX-License-Identifier: Apache-2.0

/// How the entries of a checkpoint and of a network meet.
public struct LoadReport: Equatable, Sendable {
  /// Names the network has and the checkpoint lacks.
  public var missing: [String] = []
  /// Names the checkpoint has and the network lacks.
  public var unexpected: [String] = []
  /// Names both have, with other shapes.
  public var misshapen: [Misshapen] = []

  /// An entry of another shape than the network's.
  public struct Misshapen: Equatable, Sendable {
    /// The entry's name.
    public let name: String
    /// The shape in the file.
    public let found: [Int]
    /// The shape in the network.
    public let expected: [Int]

    /// An entry of a name with both shapes.
    public init(name: String, found: [Int], expected: [Int]) {
      self.name = name
      self.found = found
      self.expected = expected
    }
  }

  /// A report of what did not fit; nothing by default.
  public init(missing: [String] = [], unexpected: [String] = [], misshapen: [Misshapen] = []) {
    self.missing = missing
    self.unexpected = unexpected
    self.misshapen = misshapen
  }

  /// Whether every entry fitted and none was left.
  public var isExact: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  /// What differs, in one clause: counts and the first names.
  public var summary: String {
    func part(_ title: String, _ names: [String]) -> String? {
      guard let first = names.first else { return nil }
      return "\(names.count) \(title) (\(first)\(names.count > 1 ? ", ..." : ""))"
    }
    let shapes = misshapen.map { "\($0.name) \($0.found), expected \($0.expected)" }
    let parts = [part("missing", missing), part("unexpected", unexpected), part("misshapen", shapes)]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}

extension ParameterStore {
  /// The state under its checkpoint names, in order, as files hold it.
  public var state: [(name: String, tensor: StoredTensor)] {
    entries.map { ($0.name, $0.tensor.stored) }
  }

  /// Compares names and shapes; changes nothing.
  public func compare(_ tensors: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    var report = LoadReport()
    let given = Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    for entry in entries {
      guard let tensor = given[entry.name] else {
        report.missing.append(entry.name)
        continue
      }
      let expected = entry.tensor.shape
      if tensor.shape != expected {
        report.misshapen.append(.init(name: entry.name, found: tensor.shape, expected: expected))
      }
    }
    report.unexpected = tensors.map(\.name).filter { self[$0] == nil }
    return report
  }

  /// Takes over the tensors if names and shapes all agree, and changes nothing otherwise.
  ///
  /// Values of another floating type are converted to the network's.
  public func load(_ tensors: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let report = compare(tensors)
    guard report.isExact else { return report }
    take(tensors)
    return report
  }

  /// Takes over the tensors of the names that the network has, which have its shapes, and leaves its others.
  public func take(_ tensors: [(name: String, tensor: StoredTensor)]) {
    withoutGradients {
      for (name, tensor) in tensors { self[name]?.tensor.set(to: Tensor(tensor)) }
    }
  }
}
