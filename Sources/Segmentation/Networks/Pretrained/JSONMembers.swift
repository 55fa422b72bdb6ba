// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A text of a JSON object, of which single values are put in others' places and all else stays as it is written.
struct JSONMembers {
  private(set) var text: String

  /// An object that was read before.
  init(_ text: String) { self.text = text }

  /// Whether the object has a member of this name.
  func has(_ key: String) -> Bool { value(of: key) != nil }

  /// Gives a member another value, a text of JSON; one that is not there becomes the first.
  mutating func set(_ key: String, to value: String) {
    if let range = self.value(of: key) {
      text.replaceSubrange(range, with: value)
    } else if let start = text.firstIndex(of: "{") {
      let isEmpty = text[text.index(after: start)...].first { !$0.isWhitespace } == "}"
      text.insert(contentsOf: "\n  \"\(key)\": \(value)\(isEmpty ? "" : ",")", at: text.index(after: start))
    }
  }

  /// Says the classes as `id2label` and `label2id`.
  mutating func set(_ classes: LabelSpace) {
    let names = classes.classes.map(\.name)
    set("label2id", to: Self.text(Dictionary(uniqueKeysWithValues: names.indices.map { (names[$0], $0) })))
    set(
      "id2label", to: Self.text(Dictionary(uniqueKeysWithValues: names.indices.map { ("\($0)", names[$0]) })))
  }

  /// Names or numbers as JSON.
  static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { fatalError("names and numbers are JSON") }
    return String(decoding: data, as: UTF8.self)
  }

  /// Where the value of a member of the outer object stands.
  private func value(of key: String) -> Range<String.Index>? {
    var (depth, index) = (0, text.startIndex)
    var start: String.Index?
    while index < text.endIndex {
      let (letter, place) = (text[index], index)
      index = text.index(after: index)
      if letter == "\"" {
        let end = self.end(ofText: place)
        index = end
        let rest = text[end...].drop(while: \.isWhitespace)
        if depth == 1, start == nil, rest.first == ":", text[place..<end] == "\"\(key)\"" {
          start = text.index(after: rest.startIndex)
          index = text.index(after: rest.startIndex)
        }
        continue
      }
      if let start, depth == 1, letter == "," || letter == "}" { return trimmed(start..<place) }
      if "{[".contains(letter) { depth += 1 }
      if "}]".contains(letter) { depth -= 1 }
    }
    return nil
  }

  /// Behind the quote that ends the text that begins here.
  private func end(ofText start: String.Index) -> String.Index {
    var index = text.index(after: start)
    while index < text.endIndex, text[index] != "\"" {
      let step = text[index] == "\\" ? 2 : 1
      index = text.index(index, offsetBy: step, limitedBy: text.endIndex) ?? text.endIndex
    }
    return index < text.endIndex ? text.index(after: index) : index
  }

  private func trimmed(_ range: Range<String.Index>) -> Range<String.Index> {
    let body = text[range].drop(while: \.isWhitespace)
    let end = body.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? body.endIndex
    return body.startIndex..<end
  }
}
