// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Traced modules") struct TracingTests {
  private let weight = Tensor((0..<12).map { Float($0) / 6 - 1 }, shape: [4, 3, 1, 1])
  private let bias = Tensor([Float](arrayLiteral: 1, 2, 3, 4), shape: [4])
  private func images(_ count: Int, _ height: Int, _ width: Int) -> Tensor {
    TensorGenerator(seed: 3).normal([count, 3, height, width])
  }

  /// A map whose pixels become a row and pixels again, and then of the images' size.
  private func body(_ images: Tensor) -> Tensor {
    let map = images.conv2d(weight, bias: bias, Window(stride: 2))
    let rows = map.flattened(from: 2).permuted(0, 2, 1)
    return rows.permuted(0, 2, 1).unflattened(2, like: map).resizedBilinear(like: images)
  }

  private func traced() throws -> ScriptModule {
    try ScriptModule(
      tracing: [("head.conv.weight", weight, .parameter), ("shift", bias, .buffer)], on: images(2, 10, 14),
      body)
  }

  @Test("A module gives what was traced, at other sizes and numbers of images too")
  func sizes() throws {
    let module = try traced()
    for (count, height, width) in [(2, 10, 14), (1, 7, 24), (3, 33, 4)] {
      let images = images(count, height, width)
      let found = try module.forward(images, .evaluation).scores
      #expect(found.shape == [count, 4, height, width])
      assertClose(found, body(images))
    }
  }

  @Test("Its tensors are those that it was given, by their names")
  func tensors() throws {
    let module = try traced()
    #expect(module.entries.map(\.name).sorted() == ["head.conv.weight", "shift"])
    let store = ParameterStore()
    for entry in module.entries { store.adopt(entry.tensor, as: entry.name, entry.kind) }
    #expect(store.parameters.map(\.name) == ["head.conv.weight"])
    #expect(
      store.load([("head.conv.weight", Tensor.ones([4, 3, 1, 1]).stored), ("shift", bias.stored)]).isExact)
    assertClose(weight, .ones([4, 3, 1, 1]))
  }

  @Test("Its graph names operators, tensors, sizes and shapes")
  func graph() throws {
    let graph = try traced().graph()
    let names = graph.operations.map(\.name)
    #expect(names.first == "aten::_convolution")
    #expect(names.filter { $0 == "aten::size" }.count == 4)
    let first = graph.operations[0]
    #expect(
      first.arguments.prefix(3) == [.value(graph.input), .tensor("head.conv.weight"), .tensor("shift")])
    #expect(first.arguments[3] == .list([.integer(2), .integer(2)]))
    #expect(first.results[0].shape == [2, 4, 5, 7])
    #expect(graph.operations.last?.results[0].id == graph.output)
  }

  @Test("What the body reads off tensors as a number stays as it was: sizes are asked for by operators alone")
  func numbers() throws {
    let module = try ScriptModule(tracing: [("weight", weight, .parameter)], on: images(1, 8, 8)) { images in
      images.conv2d(weight, Window()).resizedBilinear(height: images.shape[2], width: images.shape[3])
    }
    #expect(try module.forward(images(1, 6, 6), .evaluation).scores.shape == [1, 4, 8, 8])
  }

  @Test("Tracing leaks nothing")
  func leaks() async {
    await #expect(processExitsWith: .success) {
      try leakChecked { _ = try TracingTests().traced().graph() }
    }
  }
}
