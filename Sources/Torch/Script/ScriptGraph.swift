// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a traced module computes: operators of PyTorch one after another, each value by its number.
public struct ScriptGraph: Decodable, Sendable {
  /// An operator with what it is given and gives.
  public struct Operation: Decodable, Sendable {
    /// PyTorch's name: "aten::relu".
    public let name: String
    /// In the order of PyTorch's declaration.
    public let arguments: [Argument]
    /// What it gives.
    public let results: [Result]
  }

  /// A value that an operator gives.
  public struct Result: Decodable, Sendable {
    /// Its number.
    public let id: Int
    /// Its shape with the images that were traced; empty for what is no tensor.
    public let shape: [Int]
  }

  /// What an operator is given.
  public indirect enum Argument: Decodable, Equatable, Sendable {
    /// The result of an operator, or the images.
    case value(Int)
    /// A parameter or buffer of the module.
    case tensor(String)
    /// A whole number.
    case integer(Int)
    /// Another number.
    case real(Double)
    /// Yes or no.
    case truth(Bool)
    /// A constant of another kind, by the name of the kind.
    case text(String)
    /// Several.
    case list([Argument])
    /// Nothing, where an argument may be left out.
    case none

    private enum Key: String, CodingKey { case value, tensor, integer, real, truth, text, list }

    public init(from decoder: any Decoder) throws {
      let box = try decoder.container(keyedBy: Key.self)
      self =
        switch box.allKeys.first {
        case .value: .value(try box.decode(Int.self, forKey: .value))
        case .tensor: .tensor(try box.decode(String.self, forKey: .tensor))
        case .integer: .integer(try box.decode(Int.self, forKey: .integer))
        case .real: .real(try box.decode(Double.self, forKey: .real))
        case .truth: .truth(try box.decode(Bool.self, forKey: .truth))
        case .text: .text(try box.decode(String.self, forKey: .text))
        case .list: .list(try box.decode([Argument].self, forKey: .list))
        case nil: .none
        }
    }
  }

  /// The images' number.
  public let input: Int
  /// The number of what the module gives.
  public let output: Int
  /// In the order in which they run.
  public let operations: [Operation]

  init(json: String) {
    do { self = try JSONDecoder().decode(ScriptGraph.self, from: Data(json.utf8)) } catch {
      fatalError("a graph's text is none: \(error)")
    }
  }
}
