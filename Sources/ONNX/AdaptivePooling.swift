// SPDX-License-Identifier: Apache-2.0

import Torch

/// Means of windows that part a map evenly, whatever its size: products with a matrix along each axis, since ONNX has no
/// operator for it.
let adaptiveAveragePooling: OperatorRule = { graph, call in
  guard case .list(let sides) = call[1] else { throw call.refused }
  try call.require(sides.count == 2)
  let x = try graph.name(of: call[0], in: call)
  let rows = graph.shares(of: x, axis: 2, parts: try graph.name(of: sides[0], in: call))
  let columns = graph.shares(of: x, axis: 3, parts: try graph.name(of: sides[1], in: call))
  let pooled = graph.node("MatMul", [rows, x])
  return graph.node(
    "MatMul", [pooled, graph.node("Transpose", [columns], [("perm", .ints([1, 0]))])], output: call.output)
}

extension GraphTranslation {
  /// What each place along an axis gives to each part of it, [parts, length]: its share where the part has it, else 0.
  ///
  /// - `parts`: how many there are, [1].
  fileprivate mutating func shares(of x: String, axis: Int, parts: String) -> String {
    let (zero, one) = (constant([0]), constant([1]))
    let length = node("Shape", [x], [("start", .int(axis)), ("end", .int(axis + 1))])
    let places = node("Range", [node("Squeeze", [zero]), node("Squeeze", [length]), node("Squeeze", [one])])
    let numbers = node("Range", [node("Squeeze", [zero]), node("Squeeze", [parts]), node("Squeeze", [one])])
    let part = node("Unsqueeze", [numbers, one])
    // Part i of m has places floor(i n / m) up to ceil((i + 1) n / m), exclusive.
    let first = node("Div", [node("Mul", [part, length]), parts])
    let next = node("Mul", [node("Add", [part, one]), length])
    let end = node("Div", [node("Add", [next, node("Sub", [parts, one])]), parts])
    let isInside = node(
      "And", [node("Not", [node("Less", [places, first])]), node("Less", [places, end])])
    let float = Attribute.int(Int(ElementType.float32.rawValue))
    let count = node("Cast", [node("Sub", [end, first])], [("to", float)])
    return node("Div", [node("Cast", [isInside], [("to", float)]), count])
  }
}
