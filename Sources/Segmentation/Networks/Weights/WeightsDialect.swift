// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// How a code base names the entries of a DeepLabV2, as data.
public struct WeightsDialect: Sendable {
  /// A beginning of an entry's name and what stands in its place in the network; `#` is a number.
  struct Rule: Sendable {
    let file: String
    let network: String

    init(_ file: String, _ network: String) { (self.file, self.network) = (file, network) }
  }

  /// Which bodies a code base has.
  enum Bodies: Sendable { case resnet, vgg, both }

  /// The name that `--dialect` takes.
  public let name: String
  let bodies: Bodies
  /// The origin whose variant and colours such weights have unless told otherwise.
  let origin: String
  /// Keys of the dictionaries around the weights when they are written anew.
  let around: [String]
  /// Dictionaries that the weights are split over, each of them a first part of the names.
  let halves: [String]
  /// Prefixes of the sets of weights that lie side by side, the one to take first.
  let sets: [String]
  /// Whether an auxiliary head has a name: where all names are the network's own.
  var holdsAuxiliary: Bool { rules.count == 1 && lacks.isEmpty }
  /// The first that fits counts.
  let rules: [Rule]
  /// Beginnings of names that are known and of no use here.
  let ignored: [String]
  /// Beginnings of the network's names that such files lack; empty for whole networks.
  let lacks: [String]

  init(
    _ name: String, _ bodies: Bodies, origin: String, around: [String] = [], halves: [String] = [],
    sets: [String] = [],
    rules: [Rule], ignored: [String] = [], lacks: [String] = []
  ) {
    self.name = name
    self.bodies = bodies
    self.origin = origin
    self.around = around
    self.halves = halves
    self.sets = sets
    self.rules = rules
    self.ignored = ignored
    self.lacks = lacks
  }

  /// Prefixes that wrappers of a network put before some or all names.
  static let wrappers = ["module.", "_orig_mod."]

  private static let mmsegRules = [
    Rule("decode_head.aspp_modules.#.conv.", "layer6.conv2d_list.#."), Rule("backbone.", ""),
  ]
  private static let mmsegIgnored = ["decode_head.conv_seg.", "auxiliary_head."]
  private static let wholeNetwork = [Rule("", "")]

  /// The dialects that are told apart, the more particular ones first.
  static let all: [WeightsDialect] = [
    WeightsDialect(
      "fada", .resnet, origin: "fada", halves: ["feature_extractor.", "classifier."],
      rules: [Rule("classifier.", "layer6."), Rule("feature_extractor.backbone.", "")]),
    WeightsDialect(
      "fada-vgg", .vgg, origin: "fada", halves: ["feature_extractor.", "classifier."],
      rules: [Rule("classifier.", "classifier."), Rule("feature_extractor.backbone.#.", "features.#.")]),
    WeightsDialect(
      "da-sac", .both, origin: "da-sac", around: ["model"], sets: ["backbone.", "slow_net."],
      rules: [
        Rule("model.layer5.", "layer6."), Rule("features.", "features."), Rule("classifier.", "classifier."),
        Rule("model.", ""),
      ], ignored: ["running_conf", "slow_init"]),
    WeightsDialect(
      "daformer", .resnet, origin: "daformer", around: ["state_dict"],
      sets: ["model.", "ema_model.", "imnet_model."],
      rules: mmsegRules, ignored: mmsegIgnored),
    WeightsDialect("mmseg", .resnet, origin: "mmseg", rules: mmsegRules, ignored: mmsegIgnored),
    WeightsDialect(
      "caffe", .resnet, origin: "advent", sets: ["Scale."],
      rules: [Rule("layer5.", "layer6."), Rule("", "")]),
    WeightsDialect("advent", .both, origin: "advent", rules: wholeNetwork),
    WeightsDialect(
      "single-head", .resnet, origin: "advent", rules: [Rule("layer5.", "layer6."), Rule("", "")]),
    WeightsDialect(
      "torchvision-vgg", .vgg, origin: "advent",
      rules: [
        Rule("features.24.", "features.23."), Rule("features.26.", "features.25."),
        Rule("features.28.", "features.27."), Rule("features.", "features."),
      ], ignored: ["classifier."], lacks: ["classifier.", "features.29.", "features.31."]),
    WeightsDialect(
      "torchvision", .resnet, origin: "mmseg", rules: wholeNetwork, ignored: ["fc."],
      lacks: ["layer5.", "layer6."]),
  ]

  /// The dialects that weights can be written in.
  public static let writable = all.filter { $0.lacks.isEmpty && $0.name != "caffe" }

  /// - Throws: a `Problem` that lists the dialects that can be written.
  public static func named(_ name: String) throws -> WeightsDialect {
    if let found = writable.first(where: { $0.name == name }) { return found }
    throw unknownName(name, of: "dialect of weights", known: writable.map(\.name))
  }
}
