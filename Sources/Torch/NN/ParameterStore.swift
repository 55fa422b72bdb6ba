// SPDX-License-Identifier: Apache-2.0

/// The tensors of a network under their checkpoint names, in the order in which they were declared.
public final class ParameterStore {
  /// What a tensor is to training.
  public enum Kind: Sendable {
    /// Trained by gradients.
    case parameter
    /// Part of the state, moved by the network itself: running statistics.
    case buffer
  }

  /// A tensor of the network, with its name.
  public struct Entry {
    /// The name in checkpoints: "layer1.0.conv1.weight".
    public let name: String
    /// What it is to training.
    public let kind: Kind
    /// Shared with the layer that declared it: writing into it changes the network.
    public let tensor: Tensor
    /// Whether an optimiser may move it.
    public internal(set) var isTrainable: Bool
  }

  /// Every tensor in the order of its declaration; none once the store is sealed.
  public private(set) var entries: [Entry] = []
  /// Whether the network only predicts from now on, and its tensors can no longer be seen.
  public private(set) var isSealed = false
  private var positions: [String: Int] = [:]
  /// Where the tensors live.
  public let device: Device
  let generator: TensorGenerator

  /// An empty store; the seed decides what its parameters start as.
  public init(device: Device = .cpu, seed: UInt64 = 0) {
    self.device = device
    generator = TensorGenerator(seed: seed)
  }

  /// The entry of a name, or nil.
  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// What gradients train, frozen ones among them.
  public var parameters: [Entry] { entries.filter { $0.kind == .parameter } }
  /// What the network moves by itself.
  public var buffers: [Entry] { entries.filter { $0.kind == .buffer } }
  /// Parameters that an optimiser may move.
  public var trainable: [Entry] { entries.filter(\.isTrainable) }
  /// How many numbers the parameters hold.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.elementCount } }

  func declare(_ name: String, _ kind: Kind, trainable: Bool, _ tensor: Tensor) -> Tensor {
    guard positions[name] == nil else { fatalError("the network declares \(name) twice") }
    let placed = tensor.to(device)
    placed.requiresGradient = trainable
    positions[name] = entries.count
    entries.append(Entry(name: name, kind: kind, tensor: placed, isTrainable: trainable))
    return placed
  }

  /// Takes in a tensor of a network whose layers are not of this library, shared with it, on the store's device.
  public func adopt(_ tensor: Tensor, as name: String, _ kind: Kind) {
    guard tensor.device == device else { fatalError("\(name) is on \(tensor.device), not on \(device)") }
    _ = declare(name, kind, trainable: kind == .parameter, tensor)
  }

  /// Stops (or resumes) gradients for the parameters that `matches` names.
  public func setTrainable(_ value: Bool, where matches: (String) -> Bool = { _ in true }) {
    for i in entries.indices where entries[i].kind == .parameter && matches(entries[i].name) {
      entries[i].isTrainable = value
      entries[i].tensor.requiresGradient = value
    }
  }

  /// From now on the network only predicts: its tensors leave the store, and its layers may replace them by others
  /// that are faster or smaller. There is no way back.
  public func seal() {
    setTrainable(false)
    isSealed = true
    entries = []
    positions = [:]
  }

  /// Forgets the gradients of all trainable parameters.
  public func clearGradients() {
    for entry in entries where entry.isTrainable { entry.tensor.clearGradient() }
  }

  /// Copies every tensor of a network of the same architecture.
  public func copy(from other: ParameterStore) {
    withoutGradients {
      for (mine, theirs) in paired(with: other) { mine.tensor.set(to: theirs.tensor) }
    }
  }

  /// `parameters = keep * parameters + (1 - keep) * other's`, buffers copied: the averaged teacher's update.
  public func follow(_ other: ParameterStore, keep: Double) {
    let pairs = paired(with: other)
    let parameters = pairs.filter { $0.0.kind == .parameter }
    Tensor.average(parameters.map(\.0.tensor), toward: parameters.map(\.1.tensor), keep: keep)
    withoutGradients {
      for (mine, theirs) in pairs where mine.kind == .buffer { mine.tensor.set(to: theirs.tensor) }
    }
  }

  /// Running means and variances: the buffers that are fractions.
  public var statistics: [Tensor] { buffers.map(\.tensor).filter { $0.dtype.isFloatingPoint } }

  /// `statistics = (1 - share) * statistics + share * others`, in the order of `statistics`.
  public func moveStatistics(toward others: [Tensor], share: Double) {
    Tensor.average(statistics, toward: others, keep: 1 - share)
  }

  /// `tensor = (1 - share) * tensor + share * other's` for every parameter and statistic of a network of the same
  /// architecture.
  public func mix(_ other: ParameterStore, share: Double) {
    let pairs = paired(with: other).filter { $0.0.tensor.dtype.isFloatingPoint }
    Tensor.average(pairs.map(\.0.tensor), toward: pairs.map(\.1.tensor), keep: 1 - share)
  }

  /// Puts a random share of the elements of each trainable parameter back to another network's.
  public func restore(_ share: Double, from other: ParameterStore, using generator: TensorGenerator) {
    withoutGradients {
      for (mine, theirs) in paired(with: other) where mine.isTrainable {
        let back = generator.uniform(mine.tensor.shape).isLess(than: share).to(.float32).to(device)
        mine.tensor.set(to: mine.tensor + back * (theirs.tensor - mine.tensor))
      }
    }
  }

  private func paired(with other: ParameterStore) -> [(Entry, Entry)] {
    guard !isSealed, !other.isSealed else { fatalError("a sealed network cannot be copied or averaged") }
    guard entries.count == other.entries.count else { fatalError("the networks differ in their entries") }
    return zip(entries, other.entries).map { mine, theirs in
      guard mine.name == theirs.name else { fatalError("the networks differ at \(mine.name)") }
      return (mine, theirs)
    }
  }
}
