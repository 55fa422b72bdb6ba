// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Stochastic gradient descent with momentum and weight decay, as `torch.optim.SGD` computes it.
///
/// `g = gradient + decay * p; m = momentum * m + g (at first m = g);
/// p -= rate * (nesterov ? g + momentum * m : m)`.
public final class SGD: Optimizer {
  /// How it steps; the defaults are those of the method.
  public struct Settings: Equatable, Sendable {
    /// Share of the old direction.
    public var momentum = 0.9
    /// How much of a parameter is added to its gradient.
    public var weightDecay = 5e-4
    /// Whether it looks a step ahead (Nesterov).
    public var nesterov = true

    /// Settings; the method's where none is given.
    public init(momentum: Double = 0.9, weightDecay: Double = 5e-4, nesterov: Bool = true) {
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.nesterov = nesterov
    }
  }

  /// The parameters that it moves.
  public let groups: [ParameterGroup]
  private let settings: Settings
  private var momenta: [String: Tensor] = [:]

  /// An optimiser of these groups, none of whose parameters may be in two.
  public init(_ groups: [ParameterGroup], _ settings: Settings = Settings()) {
    self.groups = groups
    self.settings = settings
    checkUnique()
  }

  public func step(learningRate: Double) {
    for group in groups {
      let pending = Pending(group)
      let isNew = pending.names.map { momenta[$0] == nil }
      for fresh in [true, false] {
        let chosen = pending.names.indices.filter { isNew[$0] == fresh }
        apply(pending, chosen, group, learningRate * group.learningRateScale, firstStep: fresh)
      }
      for entry in group.parameters { entry.tensor.clearGradient() }
    }
  }

  private func apply(
    _ pending: Pending, _ chosen: [Int], _ group: ParameterGroup, _ rate: Double, firstStep: Bool
  ) {
    guard !chosen.isEmpty else { return }
    let parameters = chosen.map { pending.parameters[$0] }
    let gradients = chosen.map { pending.gradients[$0] }
    let buffers = chosen.map { i in
      momenta[pending.names[i]] ?? Tensor.zeros(pending.parameters[i].shape, on: pending.parameters[i].device)
    }
    // A repeated parameter takes a fresh momentum at each repeat of its first step, as PyTorch's loop gives
    // it.
    let raw = ct_sgd(
      learning_rate: rate, momentum: settings.momentum, weight_decay: settings.weightDecay,
      nesterov: settings.nesterov, first_step: firstStep, updates: Int64(group.updates))
    must("sgdStep") {
      lend(parameters) { p in
        lend(gradients) { g in lend(buffers) { ct_sgd_step(p, g, $0, parameters.count, raw) } }
      }
    }
    for (i, buffer) in zip(chosen, buffers) { momenta[pending.names[i]] = buffer }
  }

  public var state: [(name: String, tensor: StoredTensor)] {
    groups.flatMap(\.parameters).compactMap { entry in
      momenta[entry.name].map { ("momentum.\(entry.name)", $0.stored) }
    }
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let known = Dictionary(
      uniqueKeysWithValues: groups.flatMap(\.parameters).map { ("momentum.\($0.name)", $0) })
    var report = LoadReport()
    for (name, tensor) in state {
      guard let entry = known[name] else {
        report.unexpected.append(name)
        continue
      }
      let expected = entry.tensor.shape
      if expected != tensor.shape {
        report.misshapen.append(.init(name: name, found: tensor.shape, expected: expected))
      }
    }
    guard report.isExact else { return report }
    momenta = [:]
    for (name, tensor) in state {
      guard let entry = known[name] else { continue }
      momenta[entry.name] = Tensor(tensor).to(entry.tensor.dtype, on: entry.tensor.device)
    }
    return report
  }
}
