// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Torch

extension Device {
  /// The device of a setting: "auto" is the first CUDA device that libtorch can use, or else the CPU.
  public static func named(_ name: String) throws -> Device {
    let count = Machine.cudaDeviceCount
    switch name {
    case "cpu": return .cpu
    case "auto": return count > 0 ? .cuda(0) : .cpu
    default:
      let index = name == "cuda" ? 0 : name.hasPrefix("cuda:") ? Int(name.dropFirst(5)) : nil
      guard let index, index >= 0 else {
        throw unknownName(name, of: "device", known: ["auto", "cpu", "cuda", "cuda:0"])
      }
      guard index < count else {
        throw Problem(
          "cannot use the device", at: name,
          because: "libtorch \(Machine.torchVersion) finds \(count) CUDA devices",
          remedy: "choose --device cpu, or see `iapc doctor`")
      }
      return .cuda(index)
    }
  }
}

extension Segmenter {
  /// The length nearest to one asked for that the network takes.
  func inputLength(nearest length: Double) -> Int {
    max(1, Int((length / Double(sizeMultiple)).rounded())) * sizeMultiple
  }

  /// Refuses a size that the network does not take; `option` is where it was asked for: "--crop".
  func checkInput(_ size: PixelSize, _ option: String) throws {
    guard size.width % sizeMultiple != 0 || size.height % sizeMultiple != 0 else { return }
    let (width, height) = (
      inputLength(nearest: Double(size.width)), inputLength(nearest: Double(size.height))
    )
    throw Problem(
      "cannot use the \(option.drop { $0 == "-" })", at: "\(option) \(size)",
      because: "\(name) takes widths and heights that are multiples of \(sizeMultiple)",
      remedy: "the nearest is \(width)x\(height)")
  }
}

extension AdaptationSettings {
  /// The source network as these settings name it.
  package func loadNetwork() throws -> LoadedNetwork {
    try NetworkFile.load(
      weightsFile, family: network, classes: classes, variant: variant, normalisation: normalisation,
      device: Device.named(device))
  }

  /// Fills in what was left open: sizes from the first image, the warm-up from the number of steps.
  mutating func resolve(_ images: ImageList, for network: any Segmenter) throws {
    if !method.takesSteps { steps = 0 }
    warmUp = warmUp ?? min(5000, steps * 5 / 9)
    func rounded(_ length: Double) -> Int { network.inputLength(nearest: length) }
    if size == nil {
      let first = try ImageFile.readSize(images.entries[0].path)
      let factor = min(1, 1280 / Double(first.width))
      size = PixelSize(
        width: rounded(Double(first.width) * factor), height: rounded(Double(first.height) * factor))
    }
    guard let size else { return }
    let half = PixelSize(width: rounded(Double(size.width) / 2), height: rounded(Double(size.height) / 2))
    let crop = crop ?? half
    self.crop = crop
    for (name, value) in [("size", size), ("crop", crop)] { try network.checkInput(value, "--\(name)") }
    resolveSelection(size, crop, for: network)
  }

  /// How often and on how many images the network is looked at.
  private mutating func resolveSelection(
    _ size: PixelSize, _ crop: PixelSize, for network: any Segmenter
  ) {
    let affordable = SelectionSettings.affordable(
      steps: steps, work: steps * batch * crop.area, size: size.area, asked: selection.images,
      estimates: endsWithStatistics(for: network))
    // Whoever says how often has weighed what that costs.
    // Not bounded by the number of images there are: that they are others is told for itself.
    selection.images = selection.images ?? (selectEvery == nil ? affordable.images : 32)
    selectEvery = selectEvery ?? affordable.every
  }

  var schedule: WarmUpPoly {
    WarmUpPoly(
      rate: learningRate, warmUp: warmUp ?? 0, horizon: horizon ?? steps + max(1, steps / 20), power: power)
  }

  /// Whether the run ends with normalisation statistics of the target images, and looks are at networks with such.
  func endsWithStatistics(for network: any Segmenter) -> Bool {
    finalStatistics == .target && network.hasBatchStatistics
  }

  /// What the images are brought to before source and teacher see them; nil for their own.
  func exposure(for network: any Segmenter) -> Exposure? {
    exposure == .source ? network.normalisation.exposure : nil
  }

  func viewSettings(
    _ size: PixelSize, _ crop: PixelSize, for network: any Segmenter
  ) throws -> TargetViewSettings {
    try TargetViewSettings(
      size: size, crop: crop,
      scaleRange: min(views.minScale, views.maxScale)...max(views.minScale, views.maxScale),
      mirror: views.mirror, colour: views.colour, minimumClasses: views.minimumClasses,
      exposure: exposure(for: network))
  }
}
