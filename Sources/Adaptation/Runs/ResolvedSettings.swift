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
    max(leastSide, Int((length / Double(sizeMultiple)).rounded()) * sizeMultiple)
  }

  /// Refuses a size that the network does not take; `option` is where it was asked for: "--crop".
  package func checkInput(_ size: PixelSize, _ option: String) throws {
    try checkLeast(size, option)
    guard size.width % sizeMultiple != 0 || size.height % sizeMultiple != 0 else { return }
    throw refused(
      size, option, because: "\(name) takes widths and heights that are multiples of \(sizeMultiple)")
  }

  /// The sizes of images that it takes, in words: "of any size from 29x29 on", "whose sides are multiples of 8".
  package var takenSizes: String {
    if sizeMultiple == 1 {
      return leastSide == 1 ? "of any size" : "of any size from \(leastSide)x\(leastSide) on"
    }
    return "whose sides are multiples of \(sizeMultiple)"
      + (leastSide > sizeMultiple ? " from \(leastSide) on" : "")
  }

  /// Refuses a size below what the network takes, for sizes that are brought to its multiples by themselves.
  package func checkLeast(_ size: PixelSize, _ option: String) throws {
    guard size.width < leastSide || size.height < leastSide else { return }
    throw refused(
      size, option, because: "\(name) takes widths and heights of at least \(leastSide) pixels")
  }

  private func refused(_ size: PixelSize, _ option: String, because why: String) -> Problem {
    let (width, height) = (
      inputLength(nearest: Double(size.width)), inputLength(nearest: Double(size.height))
    )
    return Problem(
      "cannot use the \(option.drop { $0 == "-" })", at: "\(option) \(size)", because: why,
      remedy: "the nearest is \(width)x\(height)")
  }

  /// Refuses images of which a normalisation by batches would see one value a channel, whose variance is no number.
  ///
  /// - `count`: how many images enter the statistics together.
  /// - `place`: where their size was asked for: "--crop 8x8".
  package func checkStatistics(of size: PixelSize, count: Int, at place: String) throws {
    // A module's layers take their stored statistics then.
    guard hasBatchStatistics, program == nil else { return }
    func length(_ side: Int) -> Int { (side + coarsestStride - 1) / coarsestStride }
    guard count * length(size.width) * length(size.height) <= 1 else { return }
    throw Problem(
      "cannot take the statistics of the batch", at: place,
      because:
        "of \(count == 1 ? "one image" : "\(count) images") of \(size), \(name) has one value a channel",
      remedy: "take larger images, or more of them at once")
  }
}

extension AdaptationSettings {
  /// The source network as these settings name it.
  package func loadNetwork() throws -> LoadedNetwork {
    try NetworkFile.load(
      weightsFile, family: network, classes: classes, variant: variant, normalisation: normalisation,
      device: Device.named(device))
  }

  /// Fills in what was left open: sizes from the first image, the warm-up from the number of steps, the final
  /// statistics from how fast the network's follow.
  ///
  /// - Returns: what there is to tell of it.
  @discardableResult
  mutating func resolve(_ images: ImageList, for network: any Segmenter) throws -> String? {
    if !method.takesSteps { steps = 0 }
    warmUp = warmUp ?? min(5000, steps * 5 / 9)
    func rounded(_ length: Double) -> Int { network.inputLength(nearest: length) }
    if size == nil {
      let first = try images.entries[0].readSize()
      let factor = min(1, 1280 / Double(first.width))
      size = PixelSize(
        width: rounded(Double(first.width) * factor), height: rounded(Double(first.height) * factor))
    }
    guard let size else { fatalError("the size was resolved") }
    let half = PixelSize(width: rounded(Double(size.width) / 2), height: rounded(Double(size.height) / 2))
    let crop = crop ?? half
    self.crop = crop
    for (name, value) in [("size", size), ("crop", crop)] { try network.checkInput(value, "--\(name)") }
    if let size = pseudoLabels.size { try network.checkLeast(size, "pseudo_labels.size") }
    // Some statistics are of fewer images than a batch has.
    try network.checkStatistics(of: size, count: 1, at: "--size \(size)")
    try checkStatistics(of: crop, for: network)
    let note = resolveFinalStatistics(for: network, crop)
    resolveSelection(size, crop, for: network)
    return note
  }

  /// Refuses a batch of crops whose statistics are none, at the least of the scales that the method sees them at.
  private func checkStatistics(of crop: PixelSize, for network: any Segmenter) throws {
    let scale = method == .cotta ? min(1, cotta.scales.min() ?? 1) : 1
    func length(_ side: Int) -> Int { network.inputLength(nearest: Double(side) * scale) }
    try network.checkStatistics(
      of: PixelSize(width: length(crop.width), height: length(crop.height)), count: batch,
      at: "--crop \(crop), --batch \(batch)")
  }

  /// How often and on how many images the network is looked at.
  private mutating func resolveSelection(
    _ size: PixelSize, _ crop: PixelSize, for network: any Segmenter
  ) {
    let affordable = SelectionSettings.affordable(
      steps: steps, work: Double(steps) * Double(batch) * Double(crop.area), size: size.area,
      asked: selection.images,
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
