// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A piece of a page. Whatever text is put into it is escaped; only literals and other pieces are markup.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
  package private(set) var markup: String

  package init(stringLiteral value: String) { markup = value }

  package init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var markup = ""

    package init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }

    package mutating func appendLiteral(_ literal: String) { markup += literal }
    package mutating func appendInterpolation(_ piece: HTML) { markup += piece.markup }
    package mutating func appendInterpolation(_ pieces: [HTML]) {
      markup += pieces.map(\.markup).joined(separator: "\n")
    }
    package mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }
    package mutating func appendInterpolation(_ number: Int) { markup += String(number) }
    /// A number with so many digits after the point.
    package mutating func appendInterpolation(_ number: Double, digits: Int) {
      markup += String(format: "%.\(digits)f", number)
    }
  }

  /// The text as it stands in elements and in attributes between double or single quotes.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        // A page must not hold control characters, whatever a file is called.
        let isControl = scalar.properties.generalCategory == .control
        result.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
      }
    }
    return result
  }
}
