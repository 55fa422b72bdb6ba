// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import ONNX
import SwiftProtobuf
import TestSupport
import Testing
import Torch

/// That the runtimes of others read such files and compute the same is in `ExportTests`.
@Suite("ONNX models") struct ONNXModelTests {
  private let weight = TensorGenerator(seed: 1).normal([4, 3, 3, 3])

  private func graph(_ body: @escaping (Tensor) -> Tensor) throws -> ScriptGraph {
    try ScriptModule(
      tracing: [("conv.weight", weight, .parameter)], on: .zeros([2, 3, 16, 24]), body
    ).graph()
  }

  private func description(size: (height: Int, width: Int)? = nil) -> ONNXModel.Description {
    ONNXModel.Description(
      producer: ("iapc", "1.2"), output: ("logits", false, 4), size: size,
      texts: ["b": "second", "a": "first"])
  }

  private func written(_ model: ONNXModel) throws -> ProtoModel {
    let folder = try ScratchFolder()
    try model.write(to: folder.path("net.onnx"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("net.onnx")))
    return try ProtoModel(serializedBytes: bytes)
  }

  private func shape(_ value: ProtoValueInfo) -> [String] {
    value.type.tensorType.shape.dim.map { $0.name.isEmpty ? "\($0.size)" : $0.name }
  }

  @Test("A model names its weights, its free axes and what it says of itself")
  func names() throws {
    let weight = weight
    let graph = try graph {
      $0.conv2d(weight, Window(stride: 2, padding: 1)).relu().resizedBilinear(like: $0)
    }
    let model = try written(ONNXModel(graph, tensors: ["conv.weight": weight], description()))
    #expect(model.irVersion == 8 && model.opsetImport.map(\.version) == [17])
    #expect(model.producerName == "iapc" && model.producerVersion == "1.2")
    #expect(model.metadataProps.map(\.key) == ["a", "b"])
    #expect(model.graph.input.map(\.name) == ["images"] && model.graph.output.map(\.name) == ["logits"])
    #expect(shape(model.graph.input[0]) == ["batch", "3", "height", "width"])
    #expect(shape(model.graph.output[0]) == ["batch", "4", "height", "width"])
    let conv = try #require(model.graph.node.first)
    #expect(conv.opType == "Conv" && conv.input == ["images", "conv.weight"])
    let stored = try #require(model.graph.initializer.first { $0.name == "conv.weight" })
    #expect(stored.dims == [4, 3, 3, 3] && [UInt8](stored.rawData) == weight.stored.bytes)
    #expect(model.graph.node.last?.output == ["logits"])
  }

  @Test("A fixed size is that of its images and scores")
  func fixedSize() throws {
    let weight = weight
    let graph = try graph { $0.conv2d(weight, Window(padding: 1)) }
    let model = try written(
      ONNXModel(graph, tensors: ["conv.weight": weight], description(size: (height: 64, width: 96))))
    #expect(shape(model.graph.input[0]) == ["batch", "3", "64", "96"])
    #expect(shape(model.graph.output[0]) == ["batch", "4", "64", "96"])
  }

  @Test("What has no translation is an error that names it, never a wrong model")
  func refusals() throws {
    let weight = weight
    func refusal(_ body: @escaping (Tensor) -> Tensor) throws -> String {
      let graph = try graph(body)
      let problem = #expect(throws: Problem.self) {
        _ = try ONNXModel(graph, tensors: ["conv.weight": weight], description())
      }
      return problem.map { "\($0)" } ?? ""
    }
    let wanted =
      "cannot write the network as ONNX (aten::softmax): this operator of PyTorch has no translation"
    #expect(try refusal { $0.conv2d(weight, Window()).softmax(1) }.hasPrefix(wanted))
    // Only the order of channels is turned: the height is free.
    #expect(try refusal { $0.flipped(along: 2).conv2d(weight, Window()) }.contains("(aten::flip)"))
  }
}
