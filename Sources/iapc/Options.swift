// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Torch

extension PixelSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(setting: argument) }
}

/// Which network, as every command that runs one takes it.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network's weights: .pth, .safetensors, a TorchScript .pt, or a folder of save_pretrained.",
      valueName: "file"),
    completion: .weights)
  var weights: String
  @OptionGroup var foreign: ForeignNetworkOptions

  func load(_ machine: MachineOptions) throws -> LoadedNetwork { try foreign.load(weights, machine) }
}

/// What weights do not say of themselves where `iapc` did not write them.
struct ForeignNetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network's family: \(NetworkFamily.all.map(\.name).joined(separator: ", ")). "
        + "(default: as the weights say)"), completion: .families)
  var network: String?

  @Option(
    help: """
      What the network predicts: a label space, or the .yaml of one's own. (default: as the weights say, or \
      cityscapes19)
      """,
    completion: .labelSpaces)
  var classes: String?

  @OptionGroup var origin: OriginOptions

  @Option(
    help: ArgumentHelp(
      "The inner module of a TorchScript module whose output the features are: backbone.layer4. "
        + "(default: the module's own, or else what enters its head)", valueName: "module"))
  var features: String?

  @Option(
    help: ArgumentHelp(
      "The inner module of a TorchScript module that is its classifier. "
        + "(default: the last weighted layer before the scores)", valueName: "module"))
  var head: String?

  /// What is said of the variant, the properties that have options of their own among it.
  var variant: String? {
    let parts = [origin.variant, features.map { "features=\($0)" }, head.map { "head=\($0)" }].compactMap(
      \.self)
    return parts.isEmpty ? nil : parts.joined(separator: ",")
  }

  /// These options under the names of settings.
  var settings: [(String, String?)] {
    [
      ("network.name", network), ("network.classes", classes), ("network.variant", variant),
      ("network.pixel_normalization", origin.normalisation),
    ]
  }

  func load(_ weights: String, _ machine: MachineOptions) throws -> LoadedNetwork {
    let loaded = try NetworkFile.load(
      weights, family: network, classes: classes, variant: variant,
      normalisation: origin.normalisation, device: machine.apply())
    for note in loaded.notes { ProgressDisplay().note("note: \(weights): \(note)") }
    return loaded
  }
}

/// What names and shapes of weights do not show.
struct OriginOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the weights come from (advent, adaptsegnet, dt-st, daformer, ...), or single properties: "
        + "branches=2,stride=3x3. (default: as names and shapes suggest)", valueName: "text"))
  var variant: String?

  @Option(
    help: ArgumentHelp(
      "The colours the weights want: \(Normalisation.known.map(\.name).joined(separator: ", ")), or their "
        + "numbers: mean=123.7/116.3/103.5,std=58.4/57.1/57.4[,bgr][,scale=1/255], for pixels in 0 to 255 "
        + "(or all of them for pixels in 0 to 1). (default: as the weights or their origin have it)",
      valueName: "name"), completion: .normalisations)
  var normalisation: String?
}

/// On what to compute.
struct MachineOptions: ParsableArguments {
  @Option(help: "auto, cpu, cuda or cuda:N.", completion: .devices)
  var device = "auto"

  @Option(help: "Threads of the computation. (default: all cores)")
  var threads: Int?

  /// The same for a process that shares the machine with others.
  func shared(_ peers: Peers?) throws -> MachineOptions {
    guard let peers else { return self }
    var own = self
    own.device = try peers.device(device)
    if threads == nil { peers.shareCores() }
    return own
  }

  func apply() throws -> Device {
    if let threads {
      guard (1...1024).contains(threads) else {
        throw Problem(
          "cannot use the option --threads", at: "\(threads)", because: "expected 1 to 1024",
          remedy: "correct the value")
      }
      Machine.threads = threads
    }
    Machine.flushDenormals(true)
    return try Device.named(device)
  }
}

/// A config file and single settings.
struct ConfigOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Settings in YAML; options and --set go before them.", valueName: "file.yaml"),
    completion: .yaml)
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("A setting; may be repeated.", valueName: "key=value"))
  var sets: [String] = []

  /// Texts of `--set`, split.
  static func assignments(_ sets: [String]) throws -> [(name: String, value: String)] {
    try sets.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw Problem(
          "cannot use the option --set", at: text, because: "expected KEY=VALUE",
          remedy: "write --set loss_weights.im=0.2")
      }
      return (parts[0].trimmingCharacters(in: .whitespaces), parts[1].trimmingCharacters(in: .whitespaces))
    }
  }

  /// What is asked for: by the config file (the command's section), then `--set`, then options.
  private func asked<Root: RunSettings>(
    _ table: SettingTable<Root>, _ options: [(String, String?)]
  ) throws -> [SettingTable<Root>.Assignment] {
    let items = try config.map {
      try ConfigFile.read($0, for: Root.job.rawValue) { name in table.settings.contains { $0.name == name } }
    }
    var asked: [SettingTable<Root>.Assignment] = []
    for (item, file) in items ?? [] { asked.append((item.name, item.value, "\(file), line \(item.line)")) }
    for (name, value) in try Self.assignments(sets) { asked.append((name, value, "--set")) }
    for case (let name, let value?) in options {
      asked.append((name, value, "--\(SettingNames.option(of: name))"))
    }
    return asked
  }

  /// The settings of a run: default < profile < config file < --set < option.
  func settings<Root: RunSettings>(profile: String?, options: [(String, String?)]) throws -> Root {
    let table = Root.table
    let asked = try asked(table, options + [("profile", profile)])
    var chosen = Root()
    try table.set(table.deciding(asked), in: &chosen)
    var settings = chosen.start
    try table.set(asked, in: &settings)
    return settings
  }

  /// The settings of the run in a folder, which goes on; what is named anew must not change its results.
  ///
  /// - Throws: `Problem` for another value of a setting that is not free.
  func resumed<Root: RunSettings>(_ path: String, options: [(String, String?)]) throws -> Root {
    let (table, folder) = (Root.table, RunFolder(path))
    try checkRun(folder, of: Root.job)
    var settings = try Root(ofRun: folder)
    let before = Dictionary(uniqueKeysWithValues: table.values(of: settings).map { ($0.name, $0.value) })
    try table.set(asked(table, options), in: &settings)
    if let change = Root.change(from: before, to: table.values(of: settings)) {
      throw Problem(
        "cannot resume the run with another \(change.name)", at: path,
        because: "it began with \(change.old), asked for is \(change.new)",
        remedy: "leave the option out, or start a new run")
    }
    settings.output = path
    return settings
  }

  private func checkRun(_ folder: RunFolder, of job: RunJob) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: folder.config), files.fileExists(atPath: folder.manifest) else {
      throw Problem(
        "cannot resume the run", at: folder.path,
        because: files.fileExists(atPath: folder.path)
          ? "it is no run of `iapc \(job)`: config.yaml or manifest.json is missing"
          : "there is no such folder",
        remedy: "name the folder that --output named")
    }
    let found = try folder.job
    guard found != job else { return }
    throw Problem(
      "cannot resume the run", at: folder.path, because: "it is a run of `iapc \(found)`",
      remedy: "go on with `iapc \(found) --resume \(folder.path)`")
  }
}

/// Names with what they stand for, for a help text: lines of at most 78 letters.
func listed(_ items: [(name: String, words: String)]) -> String {
  items.flatMap { item in
    var lines = ["  \(item.name):"]
    for word in item.words.split(separator: " ") {
      let longer = "\(lines[lines.count - 1]) \(word)"
      if longer.count <= 78 { lines[lines.count - 1] = longer } else { lines.append("      \(word)") }
    }
    return lines
  }.joined(separator: "\n")
}
