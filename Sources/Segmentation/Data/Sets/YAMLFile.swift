// SPDX-License-Identifier: Apache-2.0

import Files
import Yams

/// A YAML file that a person wrote, read within what a person writes: small, and without aliases, by which a
/// few lines may stand for any number of values.
package enum YAMLFile {
  /// In bytes; the longest shipped file has a hundredth of it.
  private static let longest = 1 << 18

  /// The file's node; nil for a file without any.
  ///
  /// - `what`: what fails, for messages: "cannot read the config".
  /// - Throws: `Problem` with the line for what is not YAML, a key that comes twice and an alias, and for a
  ///   file that is not there, too long or not UTF-8.
  package static func root(of path: String, what: String) throws -> Node? {
    let bytes = try FileBytes.readText(path, atMost: longest)
    func refuse(_ line: Int?, _ why: String, _ remedy: String) -> Problem {
      Problem(what, at: line.map { "\(path), line \($0)" } ?? path, because: why, remedy: remedy)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw refuse(nil, "it is not UTF-8 text", "save it as UTF-8")
    }
    if let odd = oddity(in: bytes) { throw refuse(odd.line, odd.what, odd.remedy) }
    do { return try Yams.compose(yaml: text) } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw refuse(mark.line, "it is not YAML: \(problem)", "correct that line")
      case .duplicatedKeysInMapping(let keys, let context):
        throw refuse(context.mark.line, "\(keys.first ?? "a key") is set twice", "keep one")
      default: throw refuse(nil, "it is not YAML: \(error)", "correct it")
      }
    }
  }

  /// What no settings need, and what the parser spends unbounded time on: a list or mapping as a key, and
  /// aliases. It looks at single characters, so that a text with such a pattern is refused too.
  private static func oddity(in bytes: [UInt8]) -> (line: Int, what: String, remedy: String)? {
    var (line, before) = (1, UInt8(ascii: "\n"))
    var alias: Int?
    var hasAnchor = false
    for (index, byte) in bytes.enumerated() {
      let after = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: "\n")
      let inWord = before < 0x80 && UnicodeScalar(before).properties.isAlphabetic
      switch byte {
      case UInt8(ascii: "\n"): line += 1
      case UInt8(ascii: "*") where !inWord && after > 0x20: alias = alias ?? line
      case UInt8(ascii: "&") where !inWord && after > 0x20: hasAnchor = true
      case UInt8(ascii: "?") where !inWord && after <= 0x20:
        return (line, "it has a key marked by `?`", "write `key: value`")
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        let next = bytes[(index + 1)...].first { $0 > 0x20 }
        if next == UInt8(ascii: ":") { return (line, "a list or mapping is a key", "write `key: value`") }
      default: break
      }
      before = byte
    }
    guard let alias, hasAnchor else { return nil }
    return (alias, "it has an alias (*name)", "write the value itself")
  }
}
