// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import ONNX
import Segmentation
import Torch

struct Export: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a network as ONNX or TorchScript, to be used without iapc.",
    discussion: """
      Examples:
        iapc export --weights runs/a/adapted.safetensors --output net.onnx
        iapc export --weights runs/a/adapted.safetensors --output net.pt

      The file takes float32 images [N, 3, H, W] of red, green and blue in 0 to
      255, and gives scores [N, C, H, W] at their size: the network's colours and
      the resize are in it. N, H and W are free, but for what H and W must be
      multiples of, which the command says. Which classes there are stands under
      "iapc.classes", in ONNX's metadata and TorchScript's extra file iapc.json.

      .onnx is for ONNX Runtime, OpenVINO, TensorRT and others (operator set
      \(ONNXModel.operatorSet)). .pt is for torch.jit.load in Python and C++, and can be trained on;
      iapc's commands take it, too.
      """)

  @OptionGroup var network: NetworkOptions
  @Option(
    help: ArgumentHelp("The file to write: .onnx or .pt.", valueName: "file"), completion: .file())
  var output: String
  @Flag(help: "Give the winning class of each pixel, int64 [N, H, W], in the place of scores.")
  var argmax = false
  @Option(
    help: ArgumentHelp(
      "The one size of images, of .onnx, for runtimes that want it fixed. (default: any)",
      valueName: "widthxheight"))
  var size: PixelSize?
  @Flag(help: "Replace the output where it is there already.") var overwrite = false
  @OptionGroup var machine: MachineOptions
  @OptionGroup var events: EventOptions

  private enum Format: String, CaseIterable { case onnx, pt }

  private var format: Format? {
    Format(rawValue: URL(fileURLWithPath: output).pathExtension.lowercased())
  }

  func validate() throws {
    guard let format else {
      throw ValidationError("--output must end in .onnx or .pt, got \(output).")
    }
    guard size == nil || format == .onnx else {
      throw ValidationError("--size fixes the images' size in .onnx; a .pt takes any.")
    }
  }

  func run() throws {
    let loaded = try network.load(machine)
    try checkNewFile(output, overwrite: overwrite)
    let multiple = loaded.network.sizeMultiple
    if let size, size.width % multiple != 0 || size.height % multiple != 0 {
      throw Problem(
        "cannot export the network", at: "--size \(size)",
        because: "\(loaded.network.name) takes widths and heights that are multiples of \(multiple)",
        remedy: "name such a size")
    }
    if let size { try loaded.network.checkLeast(size, "--size") }
    let traced = try TracedNetwork(loaded, giving: argmax ? .classes : .logits)
    switch format {
    case .onnx: try model(of: traced).write(to: output)
    case .pt, nil: try traced.save(to: output)
    }
    let sizes = size.map { "of \($0)" } ?? loaded.network.takenSizes
    EventLog.leave(["output": output])
    print("wrote \(loaded.network.name) for images \(sizes): \(output)")
  }

  private func model(of traced: TracedNetwork) throws -> ONNXModel {
    let isLabels = traced.output == .classes
    return try ONNXModel(
      traced.module.graph(),
      tensors: Dictionary(uniqueKeysWithValues: traced.module.entries.map { ($0.name, $0.tensor) }),
      ONNXModel.Description(
        producer: ("iapc", iapcVersion),
        output: (isLabels ? "labels" : "logits", isLabels, isLabels ? nil : traced.classCount),
        size: size.map { ($0.height, $0.width) }, texts: traced.metadata))
  }
}
