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
  /// Of which runs it is a setting; nil for all.
  private(set) var scope: Scope?
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

extension Setting {
  /// The runs that have a setting: those with one choice of another setting.
  struct Scope: Sendable {
    /// The choice.
    let choice: String
    /// What is chosen.
    let chosen: @Sendable (Root) -> String

    func contains(_ root: Root) -> Bool { chosen(root) == choice }
  }

  /// The same as a setting of some runs alone.
  func of(_ scope: Scope) -> Self {
    var setting = self
    setting.scope = scope
    return setting
  }

  func applies(to root: Root) -> Bool { scope?.contains(root) ?? true }
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

  /// A line for each setting: its name, whose it is where not all runs have it, default, meaning, form, and what
  /// profiles have other defaults.
  public static var explanation: String {
    let all = starts
    return table.settings.map { setting in
      let starts = all.filter { setting.applies(to: $0.settings) }
      let others = setting.decides ? [] : others(setting, starts)
      let name = setting.name + (setting.scope.map { ", of \($0.choice)" } ?? "")
      let line =
        "  \(name): \(setting.text(of: starts[0].settings)) - \(setting.help) [\(setting.form)]"
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

  /// A table of settings, no two of one name in one run.
  public init(_ settings: [Setting<Root>]) {
    self.settings = settings
  }

  /// A value for a setting.
  ///
  /// - `place`: where the text stands, for messages.
  public typealias Assignment = (name: String, value: String, place: String)

  /// Sets values: first those that decide which settings there are and what they begin with, then the others in their
  /// order.
  ///
  /// - Throws: as `set(_:to:in:at:)`.
  public func set(_ values: [Assignment], in root: inout Root) throws {
    for value in deciding(values) + values.filter({ !decides($0.name) }) {
      try set(value.name, to: value.value, in: &root, at: value.place)
    }
  }

  /// Of values those that decide what the others begin with: a profile, a method.
  public func deciding(_ values: [Assignment]) -> [Assignment] { values.filter { decides($0.name) } }

  private func decides(_ name: String) -> Bool { settings.contains { $0.name == name && $0.decides } }

  /// Sets one value.
  ///
  /// - `place`: where the text stands, for the message: a file, "--set".
  /// - Throws: `Problem` for an unknown name, with the nearest known one, for a setting that other runs have, and for a
  /// text of another form.
  public func set(_ name: String, to text: String, in root: inout Root, at place: String) throws {
    let named = settings.filter { $0.name == name }
    guard !named.isEmpty else {
      throw unknownName(name, of: "setting", known: settings.map(\.name), at: place)
    }
    guard let setting = named.first(where: { $0.applies(to: root) }) else {
      let scopes = named.compactMap(\.scope)
      throw Problem(
        "cannot use the setting \(name)", at: place,
        because: "it is a setting of \(scopes.map(\.choice).joined(separator: ", ")), and the run is of "
          + (scopes.first?.chosen(root) ?? ""),
        remedy: "leave it out, or choose the method whose it is")
    }
    guard setting.read(&root, text) else {
      throw Problem(
        "cannot use the setting \(name)", at: place, because: "found \"\(text)\", expected \(setting.form)",
        remedy: "correct the value")
    }
  }

  /// Names and values of all settings that the run has, in the table's order.
  public func values(of root: Root) -> [(name: String, value: String)] {
    settings.filter { $0.applies(to: root) }.map { ($0.name, $0.write(root)) }
  }
}
