// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Adam with decoupled weight decay, as `torch.optim.AdamW` computes it.
///
/// Source: Loshchilov and Hutter 2019, algorithm 2.
public final class AdamW: Optimizer {
  /// How it steps; the defaults are those of `torch.optim.AdamW`.
  public struct Settings: Equatable, Sendable {
    /// Share of the old mean of gradients.
    public var beta1 = 0.9
    /// Share of the old mean of their squares.
    public var beta2 = 0.999
    /// How fast parameters shrink, over the learning rate.
    public var weightDecay = 0.01
    /// What keeps the division from zero.
    public var epsilon = 1e-8

    /// Settings; PyTorch's where none is given.
    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0.01, epsilon: Double = 1e-8
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.weightDecay = weightDecay
      self.epsilon = epsilon
    }
  }

  private struct Moments {
    let mean, variance, steps: Tensor

    init(_ entry: ParameterStore.Entry) {
      let (shape, device) = (entry.tensor.shape, entry.tensor.device)
      mean = .zeros(shape, on: device)
      variance = .zeros(shape, on: device)
      steps = .zeros([], on: device)
    }

    var named: [(String, Tensor)] { [("mean", mean), ("variance", variance), ("steps", steps)] }
  }

  /// The parameters that it moves.
  public let groups: [ParameterGroup]
  private let settings: Settings
  private let moments: [String: Moments]

  /// An optimiser of these groups, none of whose parameters may be in two.
  public init(_ groups: [ParameterGroup], _ settings: Settings = Settings()) {
    self.groups = groups
    self.settings = settings
    let entries = groups.flatMap(\.parameters)
    moments = Dictionary(entries.map { ($0.name, Moments($0)) }, uniquingKeysWith: { first, _ in first })
    checkUnique()
  }

  public func step(learningRate: Double) {
    for group in groups {
      let pending = Pending(group)
      let own = pending.names.compactMap { moments[$0] }
      let raw = ct_adamw(
        learning_rate: learningRate * group.learningRateScale, beta1: settings.beta1, beta2: settings.beta2,
        weight_decay: settings.weightDecay, epsilon: settings.epsilon)
      for _ in 0..<group.updates {
        must("adamwStep") {
          lend(pending.parameters) { p in
            lend(pending.gradients) { g in
              lend(own.map(\.mean)) { m in
                lend(own.map(\.variance)) { v in
                  lend(own.map(\.steps)) { ct_adamw_step(p, g, m, v, $0, own.count, raw) }
                }
              }
            }
          }
        }
      }
      for entry in group.parameters { entry.tensor.clearGradient() }
    }
  }

  public var state: [(name: String, tensor: StoredTensor)] {
    named.map { ($0.name, $0.tensor.stored) }
  }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let known = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0.tensor) })
    var report = LoadReport()
    for (name, tensor) in state {
      guard let mine = known[name] else {
        report.unexpected.append(name)
        continue
      }
      if mine.shape != tensor.shape {
        report.misshapen.append(.init(name: name, found: tensor.shape, expected: mine.shape))
      }
    }
    report.missing = known.keys.filter { name in !state.contains { $0.name == name } }.sorted()
    guard report.isExact else { return report }
    withoutGradients { for (name, tensor) in state { known[name]?.set(to: Tensor(tensor)) } }
    return report
  }

  private var named: [(name: String, tensor: Tensor)] {
    groups.flatMap(\.parameters).flatMap { entry in
      (moments[entry.name]?.named ?? []).map { ("\($0.0).\(entry.name)", $0.1) }
    }
  }
}
