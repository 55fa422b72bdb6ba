// SPDX-License-Identifier: Apache-2.0

/// The problem of a name that is none of the known ones.
///
/// - `place`: where the name stands; the name alone without it.
public func unknownName(_ name: String, of kind: String, known: [String], at place: String? = nil) -> Problem
{
  let groups = Set(known.filter { $0.contains(".") }.map { $0.prefix { $0 != "." } })
  func distance(_ known: String) -> Int {
    let whole = editDistance(known, name)
    guard known.contains("."), !groups.contains(name.prefix { $0 != "." }) else { return whole }
    return min(whole, editDistance(lastPart(known), lastPart(name)))
  }
  let nearest = known.min { distance($0) < distance($1) } ?? ""
  // A long list would hide the one name that is wanted.
  let why =
    known.count <= 20 ? "the known ones are \(known.joined(separator: ", "))" : "there is none of that name"
  return Problem(
    "unknown \(kind)", at: place.map { "\(name) in \($0)" } ?? name, because: why,
    remedy: "the nearest is \(nearest): correct the name")
}

/// What follows a key's group, in one word: a key is often written without its group, or in camelCase.
private func lastPart(_ key: String) -> String {
  (key.split(separator: ".").last.map(String.init) ?? key).replacing("_", with: "")
}

/// The known name that a name is meant for, where one is near enough to be: nil where a guess would mislead.
package func nearName(_ name: String, among known: [String]) -> String? {
  let close = known.map { (name: $0, distance: editDistance($0, name)) }.min { $0.distance < $1.distance }
  if let close, close.distance <= max(1, min(name.count, close.name.count) / 3) { return close.name }
  let begins = known.filter { name.count >= 3 && $0.hasPrefix(name) }
  return begins.count == 1 ? begins[0] : nil
}

/// The least number of letters put in, taken out or changed, or of neighbours swapped, that turns one name into the
/// other, whatever the letters' case.
package func editDistance(_ first: String, _ second: String) -> Int {
  // No name that is meant is longer, and a file may hold one of any length.
  let (a, b) = (Array(first.prefix(64).lowercased()), Array(second.prefix(64).lowercased()))
  var (before, row) = ([Int](), Array(0...b.count))
  for i in a.indices {
    var next = [i + 1]
    for j in b.indices {
      var least = min(row[j] + (a[i] == b[j] ? 0 : 1), min(row[j + 1], next[j]) + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
      next.append(least)
    }
    (before, row) = (row, next)
  }
  return row[b.count]
}
