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
  let copy: @Sendable (_ from: Root, inout Root) -> Void

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
    copy = { $1[keyPath: path] = $0[keyPath: path] }
  }
}

/// - Throws: a `Problem` that names the setting, unless the condition holds.
func require(_ holds: Bool, _ name: String, _ found: String, _ expected: String) throws {
  guard !holds else { return }
  throw Problem(
    "cannot use the setting \(name)", at: found, because: "expected \(expected)", remedy: "correct the value")
}

/// What no run has more of: with such numbers of each, sums of a plan still are numbers.
enum Most {
  /// Steps of a run, and numbers that steps are counted by.
  static let steps = 1_000_000_000
  /// Images of a batch.
  static let batch = 65_536
}

/// - Throws: a `Problem` that names the setting, unless the number is in the range.
func require(_ name: String, _ number: Int, in range: ClosedRange<Int>) throws {
  let bound = number < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
  try require(range.contains(number), name, "\(number)", bound)
}

/// Settings of a run, with profiles to start from.
public protocol RunSettings {
  /// The named choices of settings that a run can start from.
  associatedtype Profile
  /// The command whose settings these are.
  static var job: RunJob { get }
  /// What a run starts from where nothing is chosen.
  init()
  /// The settings before a profile decides: what a run had of a setting that is newer than the run.
  static var initial: Self { get }
  /// What a run can start from, under the names that help texts give them; first the default.
  static var starts: [(name: String, settings: Self)] { get }
  /// A name for several of `starts`, where they have a value in common.
  static var group: (name: String, members: [String]) { get }
  /// What the chosen profile starts from.
  var start: Self { get }
  /// Every setting under the name that config files and `--set` use.
  static var table: SettingTable<Self> { get }
  /// The run folder.
  var output: String { get set }
  /// Updates to run.
  var steps: Int { get }
  /// Steps between checkpoints; nil for as many as take five minutes, at most a quarter of the run.
  var checkpointEvery: Int? { get }
  /// Checkpoints kept.
  var checkpointKeep: Int { get }
  /// What happens at a step whose loss or gradient is no number.
  var notFinite: NotFinite { get }
  /// Such steps in a row that are skipped before the run ends, where they are skipped.
  var mostSkipped: Int { get }
  /// The profile that the settings started from.
  var profile: Profile { get set }
}

extension RunSettings {
  /// Lays a profile's choices over these settings. What any profile decides is then as this one has it; what none
  /// decides stays.
  public mutating func apply(_ profile: Profile) {
    self.profile = profile
    let start = start
    for setting in Self.decided { setting.copy(start, &self) }
  }

  /// The settings that are not the same in all that a run can start from.
  private static var decided: [Setting<Self>] {
    let starts = starts
    return table.settings.filter { setting in Set(starts.map { setting.write($0.settings) }).count > 1 }
  }

  /// A setting's default, and which profiles have others: "300; paper, reference: 9000".
  ///
  /// - Parameter name: the name of a setting that there is.
  public static func defaultText(_ name: String) -> String {
    guard let setting = table.settings.first(where: { $0.name == name }) else {
      fatalError("there is no setting \(name)")
    }
    return ([setting.text(of: Self())] + others(setting, starts)).joined(separator: "; ")
  }

  /// A line for each setting: its name, default, meaning, form, and what profiles have other defaults.
  public static var explanation: String {
    let starts = starts
    return table.settings.map { setting in
      let others = setting.decides ? [] : others(setting, starts)
      let line =
        "  \(setting.name): \(setting.text(of: starts[0].settings)) - \(setting.help) [\(setting.form)]"
      return others.isEmpty ? line : "\(line) (\(others.joined(separator: "; ")))"
    }.joined(separator: "\n")
  }

  /// Defaults of a setting that differ from the first, each with those that have it: "paper, reference: 9000".
  private static func others(
    _ setting: Setting<Self>, _ starts: [(name: String, settings: Self)]
  ) -> [String] {
    let starts = starts.map { (name: $0.name, value: setting.text(of: $0.settings)) }
    var values: [String] = []
    for start in starts where start.value != starts[0].value && !values.contains(start.value) {
      values.append(start.value)
    }
    return values.map { value in
      var names = starts.filter { $0.value == value }.map(\.name)
      if !group.members.isEmpty, group.members.allSatisfy(names.contains) {
        names = names.filter { !group.members.contains($0) } + [group.name]
      }
      return "\(names.joined(separator: ", ")): \(value)"
    }
  }
}

extension Setting {
  /// Whether it says what the others start from.
  fileprivate var decides: Bool { ["profile", "method.name"].contains(name) }

  /// Its value as help texts show it.
  fileprivate func text(of root: Root) -> String {
    let text = write(root)
    return text.isEmpty ? "-" : text
  }
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
}
