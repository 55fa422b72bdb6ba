// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Torch

/// Everything that decides a run of `train`.
public struct TrainingSettings: Equatable, Sendable {
  public var network = "espnet"
  /// Weights to go on from; nil for a fresh network.
  public var weightsFile: String?
  public var images = ""
  public var labels = ""
  /// The label space of the label files, and of the network.
  public var labelSpace = "cityscapes19"
  public var output = ""
  public var normalisation = "imageNet"
  public var batch = 8
  public var steps = 2000
  public var learningRate = 2e-3
  public var warmUp = 100
  public var weightDecay = 1e-4
  public var classWeights = ClassBalance.logarithmic
  /// The size that images are brought to before the random scale; nil for each image's own.
  public var size: PixelSize?
  public var crop = PixelSize(width: 320, height: 240)
  public var views = Views()
  public var device = "auto"
  public var seed: UInt64 = 1
  public var threads = 0
  public var workers = 1

  /// How much a pixel of each class counts.
  public enum ClassBalance: String, SettingChoice {
    /// All alike.
    case none
    /// `1 / ln(1.1 + share of the pixels)`, so that rare classes count more.
    /// Source: Paszke et al. 2016 (ENet), with the constant of Mehta et al. 2018 (ESPNet).
    case logarithmic
  }

  public struct Views: Equatable, Sendable {
    public var minScale = 0.75
    public var maxScale = 1.5
    public var mirror = true
    public var colour = false
    public var brightness = 0.2
    public var contrast = 0.2
  }

  public init() {}

  public static let table = SettingTable<TrainingSettings>([
    Setting("network", \.network, "the network's family"),
    Setting("weightsFile", \.weightsFile, "weights to go on from (--weights)"),
    Setting("images", \.images, "the images: a folder or a list file"),
    Setting("labels", \.labels, "the folder of label images"),
    Setting("labelSpace", \.labelSpace, "what the label images hold"),
    Setting("output", \.output, "the run folder"),
    Setting("normalisation", \.normalisation, "how a fresh network takes its pixels"),
    Setting("batch", \.batch, "images a step"),
    Setting("steps", \.steps, "updates to run"),
    Setting("learningRate", \.learningRate, "the learning rate after the warm-up"),
    Setting("warmUp", \.warmUp, "steps over which the learning rate rises from a tenth"),
    Setting("weightDecay", \.weightDecay, "the optimiser's weight decay"),
    Setting(
      "classWeights", \.classWeights, "how much a pixel of a class counts; logarithmic: rare ones more"),
    Setting("size", \.size, "the size that images are brought to; auto: their own"),
    Setting("crop", \.crop, "the size of the crops"),
    Setting("views.minScale", \.views.minScale, "the smallest random factor of the size"),
    Setting("views.maxScale", \.views.maxScale, "the largest random factor of the size"),
    Setting("views.mirror", \.views.mirror, "whether half of the crops are mirrored"),
    Setting("views.colour", \.views.colour, "whether crops go through the colour policy"),
    Setting("views.brightness", \.views.brightness, "random change of brightness, 0 to 1"),
    Setting("views.contrast", \.views.contrast, "random change of contrast, 0 to 1"),
    Setting("device", \.device, "auto, cpu, cuda or cuda:N"),
    Setting("seed", \.seed, "the seed of every random choice"),
    Setting("threads", \.threads, "threads of the computation; 0: all cores"),
    Setting("workers", \.workers, "threads that prepare batches ahead"),
  ])

  /// - Throws: `Problem` for values that make no run.
  public func check() throws {
    for (name, value) in [("steps", steps), ("batch", batch)] where value < 1 {
      throw Problem(
        "cannot use the setting \(name)", at: "\(value)", because: "expected at least 1",
        remedy: "correct the value")
    }
  }
}
