// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Torch

/// A way of measuring that has a name, because numbers of different ways cannot be compared.
///
/// In all of them scores are compared at each label's own size, and one confusion matrix is kept over all
/// images.
public struct EvaluationProtocol: Equatable, Sendable {
  /// One of `known`; where parts of it are replaced, followed by what they are now.
  public private(set) var name: String
  /// What it does; where parts of it are replaced, followed by what they are now.
  public private(set) var explanation: String
  /// Where it is stated or can be read.
  public let source: String
  /// How images are put to the network.
  public private(set) var settings: PredictionSettings

  init(
    _ name: String, _ explanation: String, source: String, _ settings: PredictionSettings = .init(),
    _ change: (inout PredictionSettings) -> Void = { _ in }
  ) {
    self.name = name
    self.explanation = explanation
    self.source = source
    self.settings = settings
    change(&self.settings)
  }

  /// The known protocol of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> EvaluationProtocol {
    if let found = known.first(where: { $0.name == name }) { return found }
    throw unknownName(name, of: "evaluation protocol", known: known.map(\.name))
  }

  /// The statistics that normalisation layers use; they are told beside the name.
  public func with(mode: Mode) -> EvaluationProtocol {
    var changed = self
    changed.settings.mode = mode
    return changed
  }

  /// The protocol with a part replaced. Name and explanation say so where the part was another before.
  public func replacing<Value: Equatable>(
    _ part: WritableKeyPath<PredictionSettings, Value>, with value: Value?, _ words: (Value) -> String
  ) -> EvaluationProtocol {
    guard let value, settings[keyPath: part] != value else { return self }
    var changed = self
    changed.settings[keyPath: part] = value
    changed.name += ", \(words(value))"
    changed.explanation += "; but \(words(value))"
    return changed
  }
}

extension EvaluationProtocol {
  /// The protocols that have a name on the command line.
  public static let known = [
    full, sfda, selfTraining("gta5", 1536, 768), selfTraining("synthia", 1280, 640), daformer, mmseg, hrda,
    tiled, multiScale, pseudoLabels,
  ]

  /// What is used where nothing is asked for.
  public static let full = EvaluationProtocol(
    "full", "each image at its own size, rounded to what the network takes, in one pass",
    source: "this program's default")

  static let sfda = EvaluationProtocol(
    "sfda", "images at 1024x512 (Pillow BICUBIC), scores upsampled with align_corners to the label's size",
    source: "AdaptSegNet, ADVENT and IAPC (Cao et al. 2024), evaluation scripts",
    PredictionSettings(size: PixelSize(width: 1024, height: 512)))

  /// The protocol of DT-ST, which tests at another size for each source.
  private static func selfTraining(_ origin: String, _ width: Int, _ height: Int) -> EvaluationProtocol {
    EvaluationProtocol(
      "dt-st-\(origin)",
      "images at \(width)x\(height) (Pillow BICUBIC), scores upsampled with align_corners to the "
        + "label's size",
      source: "DZhaoXd/DT-ST, test.py, transform.py and its \(origin) configurations",
      PredictionSettings(size: PixelSize(width: width, height: height)))
  }

  static let daformer = EvaluationProtocol(
    "daformer",
    "images at 1024x512 (bilinear as OpenCV's), scores upsampled without align_corners to 1024x512 and from "
      + "there to the label's size",
    source: "lhoyer/DAFormer, uda_gta_to_cityscapes_512x512.py and encoder_decoder.py",
    PredictionSettings(size: PixelSize(width: 1024, height: 512)), asMMSegmentation)

  static let mmseg = EvaluationProtocol(
    "mmseg",
    "images at 2048x1024 (bilinear as OpenCV's), scores upsampled without align_corners to 2048x1024 and "
      + "from there to the label's size",
    source: "open-mmlab/mmsegmentation, configs/_base_/datasets/cityscapes.py",
    PredictionSettings(size: PixelSize(width: 2048, height: 1024)), asMMSegmentation)

  static let hrda = EvaluationProtocol(
    "hrda", "as mmseg, in windows of 1024x1024 that share at least 512 pixels, scores averaged",
    source: "lhoyer/HRDA, configs/hrda/gtaHR2csHR_hrda.py",
    PredictionSettings(size: PixelSize(width: 2048, height: 1024))
  ) {
    asMMSegmentation(&$0)
    $0.tiling = Tiling(size: PixelSize(width: 1024, height: 1024), overlap: 512)
  }

  static let tiled = EvaluationProtocol(
    "tiled",
    "each image at its own size, in windows of 1024x1024 that share at least 512 pixels, scores averaged; "
      + "the network needs memory for one window",
    source: "the windows of HRDA, with this program's default otherwise"
  ) { $0.tiling = Tiling(size: PixelSize(width: 1024, height: 1024), overlap: 512) }

  static let multiScale = EvaluationProtocol(
    "multi-scale",
    "each image at 0.5, 0.75, 1, 1.25, 1.5 and 1.75 of its own size, plain and mirrored, probabilities "
      + "summed",
    source: "the scales of open-mmlab/mmsegmentation, configs/_base_/datasets/cityscapes.py",
    PredictionSettings(scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75], mirror: true))

  /// How `pseudo-label` labels where nothing else is asked for.
  public static let pseudoLabels = EvaluationProtocol(
    "pseudo-labels",
    "each image at 1, 1.25 and 0.75 of its own size, plain and mirrored, probabilities summed",
    source: "IAPC (Cao et al. 2024), pseudo-labels",
    PredictionSettings(scales: [1, 1.25, 0.75], mirror: true))

  private static func asMMSegmentation(_ settings: inout PredictionSettings) {
    settings.interpolation = .bilinear
    settings.alignCorners = false
    settings.throughInputSize = true
  }
}
