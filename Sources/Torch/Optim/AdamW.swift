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
    /// Whether each parameter's rate is the given one times the root mean square of its values, so that it moves
    /// by shares of itself and how large a network's weights are does not matter.
    ///
    /// Source: Shazeer and Stern 2018, "Adafactor", section 8, with its least scale of 1e-3.
    public var isRelative = false

    /// Settings; PyTorch's where none is given.
    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0.01, epsilon: Double = 1e-8,
      isRelative: Bool = false
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.weightDecay = weightDecay
      self.epsilon = epsilon
      self.isRelative = isRelative
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
      let rate = learningRate * group.learningRateScale
      for _ in 0..<group.updates {
        if settings.isRelative {
          for (i, size) in rootMeanSquares(pending.parameters).enumerated() {
            step(pending.parameters[i...i], pending.gradients[i...i], own[i...i], rate * max(1e-3, size))
          }
        } else {
          step(pending.parameters[...], pending.gradients[...], own[...], rate)
        }
      }
      for entry in group.parameters { entry.tensor.clearGradient() }
    }
  }

  /// One step of all these at one rate.
  private func step(
    _ parameters: ArraySlice<Tensor>, _ gradients: ArraySlice<Tensor>, _ own: ArraySlice<Moments>,
    _ rate: Double
  ) {
    let raw = ct_adamw(
      learning_rate: rate, beta1: settings.beta1, beta2: settings.beta2, weight_decay: settings.weightDecay,
      epsilon: settings.epsilon)
    must("adamwStep") {
      lend(Array(parameters)) { p in
        lend(Array(gradients)) { g in
          lend(own.map(\.mean)) { m in
            lend(own.map(\.variance)) { v in
              lend(own.map(\.steps)) { ct_adamw_step(p, g, m, v, $0, own.count, raw) }
            }
          }
        }
      }
    }
  }

  /// The root mean square of each tensor's values.
  private func rootMeanSquares(_ tensors: [Tensor]) -> [Double] {
    guard !tensors.isEmpty else { return [] }
    // Together, so that a device is waited for once.
    let squares = withoutGradients { tensors.map { ($0 * $0).mean().reshaped(1) } }
    return Tensor.concatenated(squares, along: 0).scalars(as: Float.self).map { Double($0).squareRoot() }
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
