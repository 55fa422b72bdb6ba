// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files

/// A method as `compare` names it, with a form and other settings where that is wanted: `tent`, `iapc:paper`,
/// `adabn:per-image`, `iapc+method.class_mix=off`.
struct Contestant {
  /// As it was named.
  let name: String
  /// What `adapt` is asked for.
  let options: [String]
  /// Updates of a run where nobody says how many.
  let steps: Int
  /// Whether the method says itself how many, after a +.
  let hasOwnSteps: Bool
  /// Whether the network is judged with each image's own normalisation statistics.
  let judgedPerImage: Bool

  /// What can be named, and is compared where nothing is, with what it is.
  static let known: [(name: String, words: String)] = [
    ("source-only", "the weights as they are"),
    ("adabn", "normalisation statistics of the target images (Li et al. 2018)"),
    ("adabn:running", "the same as a running mean of momentum 0.1"),
    ("adabn:blend", "a blend with the source's (Klingner et al. 2022, UBNA)"),
    (
      "adabn:auto",
      "with the share of the source's that scores best without labels (Schneider et al. 2020)"
    ),
    ("adabn:per-image", "each image's own statistics when it predicts (Nado et al. 2020)"),
    ("tent", "entropy of normalisation layers alone (Wang et al. 2021)"),
    ("self-training", "class-balanced self-training (Zou et al. 2018)"),
    ("urma", "uncertainty reduction (Fleuret and Sivaprasad 2021)"),
    ("hcl", "historical contrastive learning (Huang et al. 2021)"),
    ("cotta", "continual test-time adaptation (Wang et al. 2022)"),
    ("dt-st", "self-training from a dynamic teacher (Zhao et al. 2023)"),
    ("iapc:reference", "importance and prototypes, as the authors' code has it"),
    ("iapc:paper", "the same, as the paper has it (Cao et al. 2024)"),
    ("iapc:recommended", "the same with what our measurements favour"),
  ]

  private static let stepsSetting = "schedule.steps="

  /// - Throws: a `Problem` for a method or form that there is not.
  init(_ name: String) throws {
    let pieces = name.split(separator: "+").map(String.init)
    let parts = (pieces.first ?? "").split(separator: ":", maxSplits: 1).map(String.init)
    guard let first = parts.first, let method = AdaptationSettings.Method(rawValue: first) else {
      throw unknownName(name, of: "method", known: Self.known.map(\.name))
    }
    let form = parts.count == 2 ? parts[1] : nil
    var options = ["--method", method.rawValue]
    var perImage = false
    var start = AdaptationSettings(method: method)
    switch (method, form) {
    case (_, nil): break
    case (.iapc, let name?) where AdaptationSettings.Profile(rawValue: name) != nil:
      start.apply(AdaptationSettings.Profile(rawValue: name) ?? start.profile)
      options += ["--profile", name]
    case (.batchnorm, "per-image"):
      options = ["--method", AdaptationSettings.Method.sourceOnly.rawValue]
      perImage = true
    case (.batchnorm, "auto"): options += ["--set", "batch_norm.source_fraction=auto"]
    case (.batchnorm, let form?) where StatisticsForm(rawValue: form) != nil:
      options += ["--set", "batch_norm.estimate=\(form)"]
    default: throw unknownName(name, of: "method", known: Self.known.map(\.name))
    }
    let own = pieces.dropFirst().compactMap { piece in
      piece.hasPrefix(Self.stepsSetting) ? Int(piece.dropFirst(Self.stepsSetting.count)) : nil
    }.last
    (steps, hasOwnSteps) = (own ?? start.steps, own != nil)
    for setting in pieces.dropFirst() { options += ["--set", setting] }
    (self.name, self.options, judgedPerImage) = (name, options, perImage)
  }

  /// The name of its run folder for a seed.
  func folder(seed: UInt64) -> String {
    let plain = name.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" }
    return "\(String(plain))-\(seed)"
  }
}
