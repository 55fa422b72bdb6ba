// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import SwiftProtobuf
import Torch

/// A traced network as ONNX, the format that runtimes other than PyTorch share.
///
/// Source: ONNX, IR version 8, operator set 17 (onnx.ai/onnx). One input, float32 [batch, 3, height, width], of any
/// batch, height and width unless a size is fixed; weights keep their names.
public struct ONNXModel {
  /// What the model is called and says of itself.
  public struct Description: Sendable {
    /// The program that wrote it, and its version.
    public var producer: (name: String, version: String)
    /// The output's name, element type and axes between the batch and the height.
    public var output: (name: String, isInteger: Bool, channels: Int?)
    /// The one size of images that it takes; nil for any.
    public var size: (height: Int, width: Int)?
    /// Texts by their keys, for the user's program.
    public var texts: [String: String]

    /// A description of a model whose images may have any size.
    public init(
      producer: (name: String, version: String), output: (name: String, isInteger: Bool, channels: Int?),
      size: (height: Int, width: Int)? = nil, texts: [String: String] = [:]
    ) {
      (self.producer, self.output, self.size, self.texts) = (producer, output, size, texts)
    }
  }

  /// The version of ONNX's operators that it is made of.
  public static let operatorSet = 17
  /// The input's name.
  public static let input = "images"

  private let model: ProtoModel

  /// - Parameters:
  ///   - graph: what is computed.
  ///   - tensors: the parameters and buffers that it names.
  ///   - description: what stands around it.
  /// - Throws: `Problem` for an operator that has no counterpart here.
  public init(_ graph: ScriptGraph, tensors: [String: Tensor], _ description: Description) throws {
    var translation = GraphTranslation(
      tensors: tensors, names: [graph.input: Self.input, graph.output: description.output.name])
    for operation in graph.operations { try translation.add(operation) }
    var made = translation.graph
    made.name = description.producer.name
    made.input = [Self.value(Self.input, type: .float32, [.name("batch"), .size(3)], description)]
    let channels = description.output.channels.map { [Extent.size(Int64($0))] } ?? []
    made.output = [
      Self.value(
        description.output.name, type: description.output.isInteger ? .int64 : .float32,
        [.name("batch")] + channels, description)
    ]
    model = .with {
      $0.irVersion = 8
      ($0.producerName, $0.producerVersion) = description.producer
      $0.graph = made
      $0.opsetImport = [.with { $0.version = Int64(Self.operatorSet) }]
      $0.metadataProps = description.texts.sorted { $0.key < $1.key }.map { text in
        .with { ($0.key, $0.value) = text }
      }
    }
  }

  /// Writes the model: the file is there whole, or as it was.
  ///
  /// - Throws: `Problem` where the disk or the folder refuses it, and where the model is too large for the format.
  public func write(to path: String) throws {
    let bytes: [UInt8]
    do { bytes = try model.serializedBytes() } catch {
      throw Problem(
        "cannot write the model", at: path, because: "ONNX holds at most 2 GiB in a file",
        remedy: "export a smaller network")
    }
    try AtomicFile.write(bytes, to: path)
  }

  /// The length of an axis, or its name where it is free.
  private typealias Extent = ProtoValueInfo.Dimension.OneOf_Value

  private static func value(
    _ name: String, type: ElementType, _ first: [Extent],
    _ description: Description
  ) -> ProtoValueInfo {
    let plane: [Extent] =
      description.size.map { [.size(Int64($0.height)), .size(Int64($0.width))] }
      ?? [.name("height"), .name("width")]
    return .with {
      $0.name = name
      $0.type.tensorType.elemType = type.rawValue
      $0.type.tensorType.shape.dim = (first + plane).map { value in .with { $0.value = value } }
    }
  }
}

/// ONNX's numbers of element types.
enum ElementType: Int32 {
  case float32 = 1
  case int64 = 7
}
