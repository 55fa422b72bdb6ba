// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// A module put to a few made-up images, for what its file does not tell.
struct ScriptTrial {
  /// Image pixels to a feature, along each axis.
  let stride: Int
  /// What sides of images are multiples of.
  let multiple: Int
  /// What sides of images are at least, as far as square images tell.
  let leastSide: Int
  /// The layer whose input the features are, where nothing was named and the module gives none.
  let featuresOf: String?

  private let module: ScriptModule
  private let device: Device
  private let place: String

  /// - Throws: `Problem` where the module refuses all sizes, gives other than scores of so many classes, or no
  ///   features can be had.
  init(
    _ module: ScriptModule, _ settings: ScriptSettings, classCount: Int, device: Device, at place: String
  ) throws {
    (self.module, self.device, self.place) = (module, device, place)
    multiple = try Self.fittingMultiple(module, device, place)
    let images = Self.images(Self.size(multiple), device)
    if let features = settings.features {
      do { try module.takeFeatures(from: features) } catch {
        throw Self.otherFeatures(
          module, images, "\(place), --features \(features)", "the module calls no inner module of that name")
      }
    }
    let output: ScriptModule.Output
    do throws(TorchError) {
      featuresOf = try module.study(images)
      output = try Self.run(module, images)
    } catch {
      throw Self.otherFeatures(module, images, place, error.lastLine)
    }
    guard let features = output.features, features.shape.count == 4, features.shape[0] == 2 else {
      throw Self.otherFeatures(module, images, place, "it gives no features")
    }
    guard output.scores.shape[1] == classCount else {
      throw Problem(
        "cannot use the module", at: place,
        because:
          "it gives scores of \(output.scores.shape[1]) classes, and the label space has \(classCount)",
        remedy: "name the label space it was trained for with --classes")
    }
    stride = max(1, Int((Double(images.shape[2]) / Double(features.shape[2])).rounded()))
    leastSide = Self.leastSide(module, multiple, device)
  }

  /// Two pictures of all values that normalised pixels have.
  private static func images(_ size: (height: Int, width: Int), _ device: Device) -> Tensor {
    .filled([2, 3, size.height, size.width]) { (buffer: UnsafeMutableBufferPointer<Float>) in
      for i in buffer.indices { buffer[i] = Float((i &* 37 >> 3) & 255) / 64 - 2 }
    }.to(device)
  }

  private static func run(_ module: ScriptModule, _ images: Tensor) throws(TorchError) -> ScriptModule.Output
  {
    try withoutGradients {
      Result { () throws(TorchError) in try module.forward(images, .evaluation) }
    }.get()
  }

  /// The shortest side that the module takes: most take any, and others all from some side on.
  private static func leastSide(_ module: ScriptModule, _ multiple: Int, _ device: Device) -> Int {
    func takes(_ count: Int) -> Bool {
      let side = count * multiple
      guard let output = try? run(module, images((side, side), device)) else { return false }
      return output.scores.elementCount > 0 && output.features.map { $0.elementCount > 0 } ?? false
    }
    if takes(1) { return multiple }
    var (refused, taken) = (1, size(multiple).height / multiple)
    while taken - refused > 1 {
      let middle = (refused + taken) / 2
      if takes(middle) { taken = middle } else { refused = middle }
    }
    return taken * multiple
  }

  private static func size(_ multiple: Int) -> (height: Int, width: Int) { (128 + multiple, 192 + multiple) }

  /// The least of the usual multiples whose sizes the module takes.
  ///
  /// - Throws: `Problem` where it takes none, or its scores are as large whatever the image.
  private static func fittingMultiple(_ module: ScriptModule, _ device: Device, _ place: String) throws -> Int
  {
    var refusal: TorchError?
    for multiple in [1, 2, 4, 8, 16, 32, 64] {
      do {
        let (height, width) = size(multiple)
        let shape = try run(module, images((height, width), device)).scores.shape
        if shape[2] == height, shape[3] == width { return multiple }
        let larger = try run(module, images((height + 64, width + 64), device)).scores.shape
        if larger != shape { return multiple }
        throw Problem(
          "cannot use the module", at: place,
          because: "its scores are \(shape[3])x\(shape[2]) whatever the image: tracing has fixed the size",
          remedy: "script it, or take sizes from the image's shape where it is traced")
      } catch let error as TorchError {
        refusal = error
      }
    }
    let why = refusal?.lastLine ?? "nothing ran"
    throw Problem(
      "cannot run the module", at: place, because: "it refuses images of 193x129 to 256x192: \(why)",
      remedy: "save one whose forward takes images [N, 3, H, W] of any size, or of multiples of 64")
  }

  private static func otherFeatures(
    _ module: ScriptModule, _ images: Tensor, _ place: String, _ why: String
  ) -> Problem {
    let maps = (try? module.maps(of: images)) ?? []
    let list = maps.suffix(8).reversed().joined(separator: ", ") + (maps.count > 8 ? ", ..." : "")
    return Problem(
      "cannot take features from the module", at: place, because: why,
      remedy: maps.isEmpty
        ? "let its forward return (logits, features): its program has no inner modules to name"
        : "name an inner module with --features, the last that give maps are \(list)")
  }
}
