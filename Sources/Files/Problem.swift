// SPDX-License-Identifier: Apache-2.0

/// An error that a user can cause and mend, told in one line.
///
/// Everything outside the program's control ends as one of these: a file that is not there, a checkpoint of
/// another network, a full disk. A programmer's mistake traps instead.
public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
  /// What failed, as a clause: "cannot read the image".
  public let what: String
  /// Where: a path, an option, an entry of a file.
  public let place: String
  /// Why, with what was expected and what was found.
  public let why: String
  /// What to do about it, as an imperative clause.
  public let remedy: String

  /// A problem in its four parts, each a clause without a full stop.
  public init(_ what: String, at place: String, because why: String, remedy: String) {
    self.what = what
    self.place = place
    self.why = why
    self.remedy = remedy
  }

  /// `WHAT (WHERE): WHY; what to do`, on one line that a terminal can show, whatever the parts hold.
  public var description: String {
    "\(Self.shown(what)) (\(Self.shown(place))): \(Self.shown(why)); \(Self.shown(remedy))"
      .split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  // Names out of a file may have any length.
  private static let longestPart = 1024

  /// The part without control characters, with which a name out of a file could steer a terminal, and with
  /// its middle left out where it is too long to be read.
  private static func shown(_ part: String) -> String {
    let safe = PathText.shown(part).unicodeScalars.lazy.map { scalar -> Unicode.Scalar in
      let isControl = scalar.properties.generalCategory == .control
      return isControl && !"\t\n\r".unicodeScalars.contains(scalar) ? "\u{fffd}" : scalar
    }
    func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      return String(view)
    }
    guard part.utf8.count > longestPart else { return text(safe) }
    return text(safe.prefix(longestPart / 2)) + " ... " + text(safe.suffix(longestPart / 2))
  }
}
