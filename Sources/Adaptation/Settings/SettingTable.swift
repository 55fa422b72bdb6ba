// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation

/// A named setting of `Root`: how its text is read, written and explained.
public struct Setting<Root>: Sendable {
  /// The name in config files and `--set`: "weights.im".
  public let name: String
  /// What it decides, for help texts.
  public let help: String
  /// What its text must look like.
  public let form: String
  let read: @Sendable (inout Root, String) -> Bool
  let write: @Sendable (Root) -> String

  /// A setting that lies at a key path.
  public init<Value: SettingValue>(
    _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String
  ) {
    self.name = name
    self.help = help
    form = Value.form
    read = { root, text in
      guard let value = Value(setting: text) else { return false }
      root[keyPath: path] = value
      return true
    }
    write = { $0[keyPath: path].settingText }
  }
}

/// - Throws: a `Problem` that names the setting, unless the condition holds.
func require(_ holds: Bool, _ name: String, _ found: String, _ expected: String) throws {
  guard !holds else { return }
  throw Problem(
    "cannot use the setting \(name)", at: found, because: "expected \(expected)", remedy: "correct the value")
}

/// Settings of a run, with profiles to start from.
public protocol RunSettings {
  /// The named choices of settings that a run can start from.
  associatedtype Profile
  /// The command whose settings these are.
  static var job: RunJob { get }
  /// The defaults.
  init()
  /// Every setting under the name that config files and `--set` use.
  static var table: SettingTable<Self> { get }
  /// The run folder.
  var output: String { get set }
  /// Updates to run.
  var steps: Int { get }
  /// Steps between checkpoints.
  var checkpointEvery: Int { get }
  /// Checkpoints kept.
  var checkpointKeep: Int { get }
  /// What happens at a step whose loss or gradient is no number.
  var notFinite: NotFinite { get }
  /// Such steps in a row that are skipped before the run ends, where they are skipped.
  var mostSkipped: Int { get }
  /// The profile that the settings started from.
  var profile: Profile { get }
  /// Lays a profile's choices over these settings.
  mutating func apply(_ profile: Profile)
  /// Lays what others choose as the start of a run over these settings: their profile.
  mutating func begin(as chosen: Self)
}

extension RunSettings {
  public mutating func begin(as chosen: Self) { apply(chosen.profile) }
}

/// All the settings of `Root` under their names: one list serves config files, `--set`, options and
/// documents.
public struct SettingTable<Root>: Sendable {
  /// The settings in the order in which they are explained.
  public let settings: [Setting<Root>]

  /// A table of settings, no two of one name.
  public init(_ settings: [Setting<Root>]) {
    self.settings = settings
  }

  /// Sets one value.
  ///
  /// - `place`: where the text stands, for the message: a file, "--set".
  /// - Throws: `Problem` for an unknown name, with the nearest known one, and for a text of another form.
  public func set(_ name: String, to text: String, in root: inout Root, at place: String) throws {
    guard let setting = settings.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "setting", known: settings.map(\.name), at: place)
    }
    guard setting.read(&root, text) else {
      throw Problem(
        "cannot use the setting \(name)", at: place, because: "found \"\(text)\", expected \(setting.form)",
        remedy: "correct the value")
    }
  }

  /// Names and values of everything, in the table's order.
  public func values(of root: Root) -> [(name: String, value: String)] {
    settings.map { ($0.name, $0.write(root)) }
  }

  /// A line for each setting: its name, default, meaning and form.
  public func explanation(defaults: Root) -> String {
    settings.map { setting in
      let value = setting.write(defaults)
      return "  \(setting.name): \(value.isEmpty ? "-" : value) - \(setting.help) [\(setting.form)]"
    }.joined(separator: "\n")
  }
}
