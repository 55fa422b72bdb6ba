// SPDX-License-Identifier: Apache-2.0

import Torch

/// Writes an operator of PyTorch by ONNX's; gives the name of the result.
typealias OperatorRule = @Sendable (inout GraphTranslation, OperatorCall) throws -> String

/// The operators that networks of this library are made of, by PyTorch's names.
let operatorRules: [String: OperatorRule] = [
  "aten::_convolution": convolution,
  "aten::batch_norm": { graph, call in
    try call.require(!call.truth(5))
    let inputs = try (0..<5).map { try graph.name(of: call[$0], in: call) }
    return graph.node(
      "BatchNormalization", inputs, [("epsilon", .float(try call.real(7)))], output: call.output)
  },
  "aten::layer_norm": { graph, call in
    try call.require(call.integers(1).count == 1)
    let inputs = try [0, 2, 3].map { try graph.name(of: call[$0], in: call) }
    return graph.node(
      "LayerNormalization", inputs, [("axis", .int(-1)), ("epsilon", .float(try call.real(4)))],
      output: call.output)
  },
  "aten::linear": { graph, call in
    let weight = graph.node("Transpose", [try graph.name(of: call[1], in: call)], [("perm", .ints([1, 0]))])
    let x = try graph.name(of: call[0], in: call)
    guard call[2] != .none else { return graph.node("MatMul", [x, weight], output: call.output) }
    let product = graph.node("MatMul", [x, weight])
    return graph.node("Add", [product, try graph.name(of: call[2], in: call)], output: call.output)
  },
  "aten::relu": { graph, call in
    graph.node("Relu", [try graph.name(of: call[0], in: call)], output: call.output)
  },
  "aten::sigmoid": { graph, call in
    graph.node("Sigmoid", [try graph.name(of: call[0], in: call)], output: call.output)
  },
  "aten::mean": { graph, call in
    let attributes = [
      ("axes", Attribute.ints(try call.integers(1))), ("keepdims", .int(try call.truth(2) ? 1 : 0)),
    ]
    return graph.node("ReduceMean", [try graph.name(of: call[0], in: call)], attributes, output: call.output)
  },
  "aten::adaptive_avg_pool2d": adaptiveAveragePooling,
  "aten::prelu": { graph, call in
    // A slope a channel stands along the second axis there, along the last here.
    let slope = try graph.name(of: call[1], in: call)
    let aligned = graph.node("Unsqueeze", [slope, graph.constant([1, 2])])
    return graph.node("PRelu", [try graph.name(of: call[0], in: call), aligned], output: call.output)
  },
  "aten::gelu": { graph, call in
    let x = try graph.name(of: call[0], in: call)
    let share = graph.node("Erf", [graph.node("Mul", [x, graph.constant(0.5.squareRoot())])])
    let twice = graph.node("Add", [share, graph.constant(1.0)])
    let half = graph.node("Mul", [x, graph.constant(0.5)])
    return graph.node("Mul", [half, twice], output: call.output)
  },
  "aten::scaled_dot_product_attention": attention,
  "aten::max_pool2d": { graph, call in
    var attributes = try window(call, kernel: 1, stride: 2, padding: 3)
    attributes += [
      ("dilations", .ints(try call.integers(4))), ("ceil_mode", .int(try call.truth(5) ? 1 : 0)),
    ]
    return graph.node("MaxPool", [try graph.name(of: call[0], in: call)], attributes, output: call.output)
  },
  "aten::avg_pool2d": { graph, call in
    try call.require(call[6] == .none)
    var attributes = try window(call, kernel: 1, stride: 2, padding: 3)
    attributes += [
      ("ceil_mode", .int(try call.truth(4) ? 1 : 0)), ("count_include_pad", .int(try call.truth(5) ? 1 : 0)),
    ]
    return graph.node("AveragePool", [try graph.name(of: call[0], in: call)], attributes, output: call.output)
  },
  "aten::upsample_bilinear2d": { graph, call in
    let x = try graph.name(of: call[0], in: call)
    let kept = graph.node("Shape", [x], [("start", .int(0)), ("end", .int(2))])
    let size = try graph.sizes(call[1], in: call)
    let target = graph.node("Concat", [kept, size], [("axis", .int(0))])
    return graph.node(
      "Resize", [x, "", "", target],
      [
        ("mode", .text("linear")),
        (
          "coordinate_transformation_mode",
          .text(try call.truth(2) ? "align_corners" : "half_pixel")
        ),
      ], output: call.output)
  },
  "aten::add": arithmetic("Add", scaleAt: 2),
  "aten::sub": arithmetic("Sub", scaleAt: 2),
  "aten::mul": arithmetic("Mul"),
  // Of sizes alone, which are not negative.
  "aten::floor_divide": arithmetic("Div"),
  "aten::clamp_min": arithmetic("Max"),
  "aten::channel_shuffle": { graph, call in
    // The number of channels is the same for all images.
    let (channels, groups) = (call.shape[1], try call.integer(1))
    let order = graph.constant((0..<channels).map { $0 % groups * (channels / groups) + $0 / groups })
    let x = try graph.name(of: call[0], in: call)
    return graph.node("Gather", [x, order], [("axis", .int(1))], output: call.output)
  },
  "aten::cat": { graph, call in
    guard case .list(let parts) = call[0] else { throw call.refused }
    let names = try parts.map { try graph.name(of: $0, in: call) }
    return graph.node("Concat", names, [("axis", .int(try call.integer(1)))], output: call.output)
  },
  "aten::narrow": { graph, call in
    let start = try call.integer(2)
    let x = try graph.name(of: call[0], in: call)
    let place = try [[start], [start + call.integer(3)], [call.integer(1)]].map { graph.constant($0) }
    return graph.node("Slice", [x] + place, output: call.output)
  },
  "aten::flip": { graph, call in
    let axes = try call.integers(1)
    // The number of channels is the same for all images.
    try call.require(axes == [1])
    let order = graph.constant(Array((0..<call.shape[1]).reversed()))
    let x = try graph.name(of: call[0], in: call)
    return graph.node("Gather", [x, order], [("axis", .int(1))], output: call.output)
  },
  "aten::argmax": { graph, call in
    let attributes = [
      ("axis", Attribute.int(try call.integer(1))), ("keepdims", .int(try call.truth(2) ? 1 : 0)),
    ]
    return graph.node("ArgMax", [try graph.name(of: call[0], in: call)], attributes, output: call.output)
  },
  "aten::permute": { graph, call in
    let x = try graph.name(of: call[0], in: call)
    return graph.node("Transpose", [x], [("perm", .ints(try call.integers(1)))], output: call.output)
  },
  "aten::flatten": { graph, call in
    try call.require(call.integer(2) == -1)
    // 0 keeps a size.
    let shape = graph.constant(Array(repeating: 0, count: try call.integer(1)) + [-1])
    return graph.node("Reshape", [try graph.name(of: call[0], in: call), shape], output: call.output)
  },
  "aten::unflatten": { graph, call in
    let axis = try call.integer(1)
    guard case .list(let sizes) = call[2] else { throw call.refused }
    try call.require(call.shape.count == axis + sizes.count)
    let shape = try graph.sizes(call[2], in: call, after: Array(repeating: 0, count: axis))
    return graph.node("Reshape", [try graph.name(of: call[0], in: call), shape], output: call.output)
  },
  "aten::size": { graph, call in
    let axis = try call.integer(1)
    let x = try graph.name(of: call[0], in: call)
    return graph.node("Shape", [x], [("start", .int(axis)), ("end", .int(axis + 1))], output: call.output)
  },
  // A size is a tensor here all along, and all floats are float32.
  "prim::NumToTensor": same,
  "aten::Int": same,
  "aten::to": same,
]

private let same: OperatorRule = { graph, call in try graph.name(of: call[0], in: call) }

private let convolution: OperatorRule = { graph, call in
  let isTransposed = try call.truth(6)
  try call.require(call.integers(7).allSatisfy { $0 == 0 })
  let inputs = try [0, 1, 2].filter { call[$0] != .none }.map { try graph.name(of: call[$0], in: call) }
  let padding = try call.integers(4)
  return graph.node(
    isTransposed ? "ConvTranspose" : "Conv", inputs,
    [
      ("strides", .ints(try call.integers(3))), ("pads", .ints(padding + padding)),
      ("dilations", .ints(try call.integers(5))), ("group", .int(try call.integer(8))),
    ], output: call.output)
}

/// softmax(query key^T / sqrt(d)) value, the root shared by query and key.
private let attention: OperatorRule = { graph, call in
  try call.require(call[3] == .none && call.real(4) == 0 && !call.truth(5) && call[6] == .none)
  let rank = call.shape.count
  let scale = graph.constant(1 / Double(call.shape[rank - 1]).squareRoot())
  let (query, key) = try (graph.name(of: call[0], in: call), graph.name(of: call[1], in: call))
  var axes = Array(0..<rank)
  axes.swapAt(rank - 2, rank - 1)
  let columns = graph.node("Transpose", [key], [("perm", .ints(axes))])
  let scores = graph.node("MatMul", [graph.node("Mul", [query, scale]), columns])
  let shares = graph.node("Softmax", [scores], [("axis", .int(-1))])
  return graph.node("MatMul", [shares, try graph.name(of: call[2], in: call)], output: call.output)
}

/// - `scaleAt`: where PyTorch may multiply the second operand, which is not translated.
private func arithmetic(_ type: String, scaleAt position: Int? = nil) -> OperatorRule {
  { graph, call in
    if let position { try call.require(call[position] == .integer(1)) }
    let operands = try [0, 1].map { try graph.name(of: call[$0], in: call) }
    return graph.node(type, operands, output: call.output)
  }
}

private func window(_ call: OperatorCall, kernel: Int, stride: Int, padding: Int) throws -> [(
  String, Attribute
)] {
  let pads = try call.integers(padding)
  return [
    ("kernel_shape", .ints(try call.integers(kernel))), ("strides", .ints(try call.integers(stride))),
    ("pads", .ints(pads + pads)),
  ]
}
