// SPDX-License-Identifier: Apache-2.0

/// A place in a network's tree of names: layers declare their tensors in it.
///
/// `Scope(store) / "layer1" / "conv"` declares `layer1.conv.weight` for `parameter("weight", ...)`.
public struct Scope {
  /// The store that tensors are declared in.
  public let store: ParameterStore
  /// The names down to here, between dots; "" at the root.
  public let path: String

  /// A place in a store; its root by default.
  public init(_ store: ParameterStore, path: String = "") {
    self.store = store
    self.path = path
  }

  /// The place of a name below a scope.
  public static func / (scope: Scope, name: String) -> Scope {
    Scope(scope.store, path: scope.path.isEmpty ? name : "\(scope.path).\(name)")
  }

  /// The place of a number below a scope, as in a list of layers.
  public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

  /// How a parameter starts where no checkpoint is loaded.
  public enum Start {
    /// The same number everywhere.
    case constant(Double)
    /// Uniform in +-bound.
    case uniform(Double)
    /// Normal with mean 0.
    case normal(deviation: Double)
  }

  /// Declares a parameter here and gives its tensor, which the layer keeps.
  public func parameter(_ name: String, _ shape: [Int], _ start: Start, trainable: Bool = true) -> Tensor {
    let tensor =
      switch start {
      case .constant(let value): Tensor.full(value, shape)
      case .uniform(let bound): store.generator.uniform(shape, from: -bound, to: bound)
      case .normal(let deviation): store.generator.normal(shape, deviation: deviation)
      }
    return store.declare((self / name).path, .parameter, trainable: trainable, tensor)
  }

  /// Declares a buffer here and gives its tensor, which the layer keeps.
  public func buffer(_ name: String, _ tensor: Tensor) -> Tensor {
    store.declare((self / name).path, .buffer, trainable: false, tensor)
  }
}
