// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Torch

/// A graph of ONNX that grows by an operator of PyTorch at a time.
struct GraphTranslation {
  /// What was made so far.
  private(set) var graph = ProtoGraph()

  /// The tensors that the operators may name.
  private let tensors: [String: Tensor]
  /// What values are called here, by their numbers there.
  private var names: [Int: String]
  /// Names of constants that are there already.
  private var constants: Set<String> = []

  /// - `names`: the names of the input and of the output, by their numbers.
  init(tensors: [String: Tensor], names: [Int: String]) {
    (self.tensors, self.names) = (tensors, names)
  }

  /// Adds what one operator becomes.
  ///
  /// - Throws: `Problem` for an operator that has no counterpart here.
  mutating func add(_ operation: ScriptGraph.Operation) throws {
    guard let rule = operatorRules[operation.name], operation.results.count == 1 else {
      throw Problem(
        "cannot write the network as ONNX", at: operation.name,
        because: "this operator of PyTorch has no translation here",
        remedy: "export it as TorchScript, with an --output that ends in .pt")
    }
    let result = operation.results[0]
    let output = names[result.id] ?? "\(operation.name.split(separator: ":").last ?? "")_\(result.id)"
    names[result.id] = try rule(&self, OperatorCall(operation, output: output))
  }

  // MARK: What rules write

  /// A node of one output.
  ///
  /// - `output`: its name; nil to make one up.
  @discardableResult
  mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], output: String? = nil
  ) -> String {
    let name = output ?? "inner_\(graph.node.count)"
    graph.node.append(
      .with {
        ($0.name, $0.opType, $0.input, $0.output) = ("\(type)_\(graph.node.count)", type, inputs, [name])
        $0.attribute = attributes.map { $0.1.message($0.0) }
      })
    return name
  }

  /// A constant of whole numbers, [count].
  mutating func constant(_ values: [Int]) -> String {
    let name = "ints_" + values.map { "\($0)" }.joined(separator: "_")
    return constant(name) { Tensor(values.map(Int64.init), shape: [values.count]) }
  }

  /// A constant of one number, [].
  mutating func constant(_ value: Double) -> String {
    constant("float_\(value)") { Tensor([Float(value)], shape: []) }
  }

  private mutating func constant(_ name: String, _ tensor: () -> Tensor) -> String {
    guard constants.insert(name).inserted else { return name }
    let stored = tensor().stored
    graph.initializer.append(
      .with {
        $0.name = name
        $0.dims = stored.shape.map(Int64.init)
        $0.dataType = (stored.dtype == .int64 ? ElementType.int64 : .float32).rawValue
        $0.rawData = Data(stored.bytes)
      })
    return name
  }

  // MARK: What rules read

  /// What a tensor is called here.
  mutating func name(of argument: ScriptGraph.Argument, in call: OperatorCall) throws -> String {
    switch argument {
    case .value(let id): return names[id] ?? "absent_\(id)"
    case .tensor(let name):
      guard let tensor = tensors[name] else { fatalError("a graph names \(name), which the network has not") }
      return constant(name) { tensor.dtype == .int64 ? tensor : tensor.to(.float32) }
    case .integer(let value): return constant([value])
    case .real(let value): return constant(value)
    default: throw call.refused
    }
  }

  /// Sizes, some of them taken from tensors, as one constant or tensor of whole numbers.
  mutating func sizes(_ argument: ScriptGraph.Argument, in call: OperatorCall, after first: [Int] = []) throws
    -> String
  {
    guard case .list(let items) = argument else { throw call.refused }
    let fixed = items.compactMap { if case .integer(let value) = $0 { value } else { nil } }
    if fixed.count == items.count { return constant(first + fixed) }
    let parts = try (first.isEmpty ? [] : [constant(first)]) + items.map { try name(of: $0, in: call) }
    return node("Concat", parts, [("axis", .int(0))])
  }
}

/// What a node says beside its inputs.
enum Attribute {
  case int(Int)
  case ints([Int])
  case float(Double)
  case text(String)

  func message(_ name: String) -> ProtoAttribute {
    .with {
      $0.name = name
      switch self {
      case .int(let value): ($0.type, $0.i) = (.int, Int64(value))
      case .ints(let values): ($0.type, $0.ints) = (.ints, values.map(Int64.init))
      case .float(let value): ($0.type, $0.f) = (.float, Float(value))
      case .text(let value): ($0.type, $0.s) = (.string, Data(value.utf8))
      }
    }
  }
}

/// An operator of PyTorch that is being translated.
struct OperatorCall {
  /// What the result is called here.
  let output: String
  /// The shapes of the results with the traced images.
  let shape: [Int]

  private let operation: ScriptGraph.Operation

  init(_ operation: ScriptGraph.Operation, output: String) {
    (self.operation, self.output) = (operation, output)
    shape = operation.results[0].shape
  }

  subscript(position: Int) -> ScriptGraph.Argument {
    position < operation.arguments.count ? operation.arguments[position] : .none
  }

  func integer(_ position: Int) throws -> Int {
    guard case .integer(let value) = self[position] else { throw refused }
    return value
  }

  func real(_ position: Int) throws -> Double {
    guard case .real(let value) = self[position] else { throw refused }
    return value
  }

  func truth(_ position: Int) throws -> Bool {
    guard case .truth(let value) = self[position] else { throw refused }
    return value
  }

  func integers(_ position: Int) throws -> [Int] {
    guard case .list(let items) = self[position] else { throw refused }
    return try items.map {
      guard case .integer(let value) = $0 else { throw refused }
      return value
    }
  }

  /// - Throws: `Problem` where an argument is other than the rule can write.
  func require(_ holds: Bool) throws {
    guard holds else { throw refused }
  }

  var refused: Problem {
    Problem(
      "cannot write the network as ONNX", at: operation.name,
      because: "its arguments have no translation here",
      remedy: "export it as TorchScript, with an --output that ends in .pt")
  }
}
