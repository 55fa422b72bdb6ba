// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files

/// A method as `compare` names it, with a form and other settings where that is wanted: `tent`, `iapc:paper`,
/// `batchnorm:per-image`, `iapc+mixing.classes=off`.
struct Contestant {
  /// As it was named.
  let name: String
  /// What `adapt` is asked for.
  let options: [String]
  /// Whether the network is judged with each image's own normalisation statistics.
  let judgedPerImage: Bool

  /// All that are compared where none is named.
  static let all = [
    "source-only", "batchnorm", "batchnorm:running", "batchnorm:blend", "batchnorm:per-image", "tent",
    "self-training", "urma", "hcl", "cotta", "dt-st", "iapc:reference", "iapc:paper", "iapc:recommended",
  ]

  /// - Throws: a `Problem` for a method or form that there is not.
  init(_ name: String) throws {
    let pieces = name.split(separator: "+").map(String.init)
    let parts = (pieces.first ?? "").split(separator: ":", maxSplits: 1).map(String.init)
    guard let first = parts.first, let method = AdaptationSettings.Method(rawValue: first) else {
      throw unknownName(name, of: "method", known: Self.all)
    }
    let form = parts.count == 2 ? parts[1] : nil
    var options = ["--method", method.rawValue]
    var perImage = false
    switch (method, form) {
    case (_, nil): break
    case (.iapc, let profile?) where AdaptationSettings.Profile(rawValue: profile) != nil:
      options += ["--profile", profile]
    case (.batchnorm, "per-image"):
      options = ["--method", AdaptationSettings.Method.sourceOnly.rawValue]
      perImage = true
    case (.batchnorm, let form?) where StatisticsForm(rawValue: form) != nil:
      options += ["--set", "statisticsForm=\(form)"]
    default: throw unknownName(name, of: "method", known: Self.all)
    }
    for setting in pieces.dropFirst() { options += ["--set", setting] }
    (self.name, self.options, judgedPerImage) = (name, options, perImage)
  }

  /// The name of its run folder for a seed.
  func folder(seed: UInt64) -> String {
    let plain = name.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" }
    return "\(String(plain))-\(seed)"
  }
}
