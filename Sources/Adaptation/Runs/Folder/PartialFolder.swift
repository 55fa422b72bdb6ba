// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A folder in the making, beside the one whose name it takes when it is whole.
///
/// Its name tells the machine and the process that make it, so that what a killed process left can be told
/// from the work of a live one.
struct PartialFolder {
  let target: String
  let path: String

  /// A folder of this user's among the system's temporary ones.
  ///
  /// - Throws: a `Problem` where it cannot be made, or is another's: whoever owns it decides what is in it.
  static func temporary() throws -> String {
    let folder = "\(FileManager.default.temporaryDirectory.path)/iapc-\(getuid())"
    try makeFolder(folder)
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid() else {
      throw Problem(
        "cannot use the folder", at: folder, because: "it belongs to another user",
        remedy: "choose a cache folder with IAPC_CACHE")
    }
    return folder
  }

  init(of target: String) {
    self.target = target
    path = "\(target).\(Self.mark)-\(getpid())"
  }

  /// Makes the folder, without what processes of this machine that are no more left of it.
  func make() throws {
    let folder = parentFolder(of: target)
    let name = target.dropFirst(folder.count + 1)
    for found in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard found.hasPrefix("\(name).\(Self.mark)-"),
        let process = Int32(found.split(separator: "-").last ?? "")
      else { continue }
      let isGone = process == getpid() || (kill(process, 0) != 0 && errno == ESRCH)
      if isGone { try? FileManager.default.removeItem(atPath: "\(folder)/\(found)") }
    }
    try makeFolder(path)
  }

  /// Gives the folder its name, in the place of one that has it.
  ///
  /// - Returns: why it could not have it; nil where it has.
  func finish() -> String? {
    try? FileManager.default.removeItem(atPath: target)
    // Foundation would copy where the system refuses, and a copy is not there whole or not at all.
    return rename(path, target) == 0 ? nil : String(cString: strerror(errno))
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  private static let mark: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "partial-" }
    let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return "partial-\(host.filter { $0.isLetter || $0.isNumber })"
  }()
}
