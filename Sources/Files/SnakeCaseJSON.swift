// SPDX-License-Identifier: Apache-2.0

import Foundation

extension JSONEncoder {
  /// An encoder of the files that the program writes: keys are properties' names in snake_case (`label_space`, and
  /// `mIoU` as it is), sorted and indented. Keys of dictionaries are written as they are.
  public static var snakeCase: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .custom { path in
      SnakeCaseKey(SnakeCaseKey.name(of: path[path.count - 1].stringValue))
    }
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

extension JSONDecoder {
  /// A decoder of what `JSONEncoder.snakeCase` encoded.
  public static var snakeCase: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      SnakeCaseKey(SnakeCaseKey.property(of: path[path.count - 1].stringValue))
    }
    return decoder
  }
}

/// A key of JSON, and the rule between it and the property's name.
public struct SnakeCaseKey: CodingKey {
  public let stringValue: String
  public var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  public init?(stringValue: String) { self.init(stringValue) }
  public init?(intValue: Int) { nil }

  /// The key of a property: `seconds_per_step` of `secondsPerStep`, `last_mIoU` of `lastMIoU`.
  public static func name(of property: String) -> String {
    var words: [String] = []
    var (rest, isMean) = (property[...], false)
    if property == "mIoU" || property.hasSuffix("MIoU") { (rest, isMean) = (property.dropLast(4), true) }
    var wasUpper = true
    for letter in rest {
      if letter.isUppercase, !wasUpper { words.append("") }
      if words.isEmpty { words.append("") }
      words[words.count - 1] += letter.lowercased()
      wasUpper = letter.isUppercase
    }
    return (words + (isMean ? ["mIoU"] : [])).joined(separator: "_")
  }

  /// The property of a key.
  static func property(of name: String) -> String {
    let words = name.split(separator: "_")
    return words.prefix(1).joined()
      + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
