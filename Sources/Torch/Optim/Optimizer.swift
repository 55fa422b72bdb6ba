// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Parameters that are stepped alike.
public struct ParameterGroup {
  /// What the group is called in logs: "body", "head".
  public let name: String
  /// What is stepped.
  public let parameters: [ParameterStore.Entry]
  /// The group's learning rate over the run's.
  public let learningRateScale: Double
  /// Steps taken for each gradient. The method's authors list backbone weights several times in the
  /// optimiser, which steps each as often; 1 is the plain optimiser.
  public let updates: Int

  /// A group that is stepped once for each gradient at the run's rate, unless said otherwise.
  public init(
    _ name: String, _ parameters: [ParameterStore.Entry], learningRateScale: Double = 1, updates: Int = 1
  ) {
    self.name = name
    self.parameters = parameters
    self.learningRateScale = learningRateScale
    self.updates = updates
  }
}

/// Moves parameters along their gradients.
public protocol Optimizer: AnyObject {
  /// The parameters that it moves.
  var groups: [ParameterGroup] { get }

  /// One step from the gradients that `backward` left; parameters without one stay. Clears the gradients.
  func step(learningRate: Double)

  /// Everything the next steps depend on, under stable names.
  var state: [(name: String, tensor: StoredTensor)] { get }

  /// Takes over a stored state; the report tells what did not fit, and then nothing was changed.
  func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport
}

extension Optimizer {
  /// Traps where a parameter stands in the groups twice: it would be stepped twice, silently.
  func checkUnique() {
    var seen: Set<String> = []
    for entry in groups.flatMap(\.parameters) where !seen.insert(entry.name).inserted {
      fatalError("the optimiser was given \(entry.name) twice")
    }
  }
}

/// The entries of a group that have a gradient now.
struct Pending {
  let parameters, gradients: [Tensor]
  let names: [String]

  init(_ group: ParameterGroup) {
    let found = group.parameters.compactMap { entry in entry.tensor.gradient.map { (entry, $0) } }
    parameters = found.map(\.0.tensor)
    gradients = found.map(\.1)
    names = found.map(\.0.name)
  }
}
