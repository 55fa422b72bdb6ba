// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation

/// A type that a setting can have: read from the text of a config file or option, and written back.
public protocol SettingValue: Sendable {
  /// Nil where the text is not of this type.
  init?(setting text: String)
  /// The text that reads as this value.
  var settingText: String { get }
  /// What a text must look like: "a whole number".
  static var form: String { get }
}

extension Int: SettingValue {
  public init?(setting text: String) { self.init(text) }
  public var settingText: String { String(self) }
  public static var form: String { "a whole number" }
}

extension UInt64: SettingValue {
  public init?(setting text: String) { self.init(text) }
  public var settingText: String { String(self) }
  public static var form: String { "a whole number of at least 0" }
}

extension Double: SettingValue {
  public init?(setting text: String) {
    guard let value = Double(text), value.isFinite else { return nil }
    self = value
  }
  public var settingText: String { self == rounded() && magnitude < 1e9 ? String(Int(self)) : String(self) }
  public static var form: String { "a number" }
}

extension Bool: SettingValue {
  public init?(setting text: String) {
    switch text {
    case "on", "true", "yes": self = true
    case "off", "false", "no": self = false
    default: return nil
    }
  }
  public var settingText: String { self ? "on" : "off" }
  public static var form: String { "on or off" }
}

extension String: SettingValue {
  public init?(setting text: String) { self = text }
  public var settingText: String { self }
  public static var form: String { "a text" }
}

extension PixelSize: SettingValue {
  public init?(setting text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], width > 0, height > 0,
      width <= ImageFile.mostPixels / height
    else { return nil }
    self.init(width: width, height: height)
  }
  public var settingText: String { description }
  public static var form: String {
    "WIDTHxHEIGHT of at most \(ImageFile.mostPixels >> 20) Mi pixels, as in 640x480"
  }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  public init?(setting text: String) {
    let value = Wrapped(setting: text)
    guard text == "auto" || text.isEmpty || value != nil else { return nil }
    self = text == "auto" || text.isEmpty ? Optional.none : value
  }
  public var settingText: String { self?.settingText ?? "auto" }
  public static var form: String { "\(Wrapped.form), or auto" }
}

extension Array: SettingValue where Element: SettingValue {
  public init?(setting text: String) {
    let items = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Element(setting: $0.filter { $0 != " " })
    }
    guard !items.isEmpty, items.allSatisfy({ $0 != nil }) else { return nil }
    self = items.compactMap { $0 }
  }
  public var settingText: String { map(\.settingText).joined(separator: ", ") }
  public static var form: String { "a list: \(Element.form), and so on, between commas" }
}

/// A setting with named choices.
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension Precision: SettingChoice {}
extension ExifOrientation: SettingChoice {}

extension SettingChoice {
  public init?(setting text: String) { self.init(rawValue: text) }
  public var settingText: String { rawValue }
  public static var form: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
