// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// A network of this library as a program that other runtimes run: from pixels to scores.
///
/// Shapes: float32 [N, 3, H, W] of red, green and blue in 0...255, H and W multiples of `sizeMultiple` -> scores [N, C, H,
/// W], or the winning classes, int64 [N, H, W]. Pixels are normalised and scores brought to the image's size in it;
/// normalisation by batches uses the stored statistics.
public struct TracedNetwork {
  /// What the program gives.
  public enum Output: Sendable {
    /// Scores before the softmax.
    case logits
    /// The class of the greatest score.
    case classes
  }

  /// The program, which shares its tensors with the network.
  public let module: ScriptModule
  /// What it gives.
  public let output: Output
  /// How many classes there are.
  public let classCount: Int
  /// Widths and heights of images are multiples of this.
  public let sizeMultiple: Int
  /// What the file says of itself: network, classes and normalisation, by iapc's names.
  public let metadata: [String: String]

  /// Records a network's evaluation.
  ///
  /// - Throws: `Problem` for a network that came with its own program; `TorchError` where libtorch cannot record it.
  public init(_ loaded: LoadedNetwork, giving output: Output = .logits) throws {
    let network = loaded.network
    guard network.program == nil else {
      throw Problem(
        "cannot export the network", at: loaded.file,
        because: "it came as a TorchScript module and is one still",
        remedy: "use it as it is (of a run, adapted.pt), or make ONNX of it in Python as in "
          + "Documentation/TorchScript.md")
    }
    let pixels = PixelInput(network.normalisation, on: network.store.device)
    // Its height and width are those of no map in the network, and neither of the batch's or classes' number.
    let images = Tensor.zeros([2, 3, 96, 160]).to(network.store.device)
    module = try ScriptModule(
      tracing: network.store.entries.map { ($0.name, $0.tensor, $0.kind) } + pixels.tensors, on: images
    ) { images in
      let logits = network(pixels(images), .evaluation).logits
      let scores = logits.shape[2...] == images.shape[2...] ? logits : logits.resizedBilinear(like: images)
      return output == .classes ? scores.argmax(1) : scores
    }
    (self.output, classCount, sizeMultiple) = (output, network.classCount, network.sizeMultiple)
    metadata = NetworkFile.metadata(
      network: network.name, classes: loaded.classes, normalisation: .pixels)
  }

  /// Writes the program as a TorchScript module, which `torch.jit.load` reads, and the commands as a network that is
  /// not of this library.
  ///
  /// - Throws: `Problem` where the file cannot be written.
  public func save(to path: String) throws {
    try module.save(metadata.merging([NetworkFile.Key.network: ScriptedNetwork.family]) { $1 }, to: path)
  }
}

/// A normalisation as operators, with its numbers as tensors of the program.
private struct PixelInput {
  let tensors: [(name: String, tensor: Tensor, kind: ParameterStore.Kind)]

  private let mean, factor: Tensor
  private let isReversed: Bool

  init(_ normalisation: Normalisation, on device: Device) {
    func perChannel(_ values: [Double]) -> Tensor {
      Tensor(values.map { Float($0) }, shape: [1, 3, 1, 1]).to(device)
    }
    mean = perChannel(normalisation.mean)
    factor = perChannel(normalisation.std.map { normalisation.scale / $0 })
    isReversed = normalisation.order == .bgr
    tensors = [("pixels.mean", mean, .buffer), ("pixels.factor", factor, .buffer)]
  }

  func callAsFunction(_ images: Tensor) -> Tensor {
    ((isReversed ? images.flipped(along: 1) : images) - mean) * factor
  }
}
