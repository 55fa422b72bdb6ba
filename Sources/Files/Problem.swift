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

  public init(_ what: String, at place: String, because why: String, remedy: String) {
    self.what = what
    self.place = place
    self.why = why
    self.remedy = remedy
  }

  /// `WHAT (WHERE): WHY; what to do`, on one line whatever the parts hold.
  public var description: String {
    "\(what) (\(place)): \(why); \(remedy)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
