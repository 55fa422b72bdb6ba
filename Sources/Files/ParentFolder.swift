// SPDX-License-Identifier: Apache-2.0

/// The folder that a path lies in: "" for a bare name, "/" for the root and what lies in it.
///
/// Foundation's `deletingLastPathComponent` ends the program on a path of one character (Swift 6.3 on Linux).
package func parentFolder(of path: String) -> String {
  var rest = path.utf8[...]
  func dropSlashes() {
    while rest.count > 1, rest.last == UInt8(ascii: "/") { rest.removeLast() }
  }
  dropSlashes()
  guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else { return "" }
  rest = rest[...slash]
  dropSlashes()
  return String(Substring(rest))
}
