// SPDX-License-Identifier: Apache-2.0

/// The problem of a name that is none of the known ones.
///
/// - `place`: where the name stands; the name alone without it.
public func unknownName(_ name: String, of kind: String, known: [String], at place: String? = nil) -> Problem
{
  let nearest = known.min { editDistance($0, name) < editDistance($1, name) } ?? ""
  // A long list would hide the one name that is wanted.
  let why =
    known.count <= 20 ? "the known ones are \(known.joined(separator: ", "))" : "there is none of that name"
  return Problem(
    "unknown \(kind)", at: place.map { "\(name) in \($0)" } ?? name, because: why,
    remedy: "the nearest is \(nearest): correct the name")
}

/// The least number of letters put in, taken out or changed that turns one name into the other, whatever the
/// letters' case.
package func editDistance(_ first: String, _ second: String) -> Int {
  // No name that is meant is longer, and a file may hold one of any length.
  let (a, b) = (Array(first.prefix(64).lowercased()), Array(second.prefix(64).lowercased()))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let changed = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
