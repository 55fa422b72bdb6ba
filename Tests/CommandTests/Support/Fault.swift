// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A system call of a program that goes wrong, by `Tests/Faults/faults.c`.
struct Fault: Sendable {
  /// What happens in the call's place; the words are explained there.
  enum Kind: String, Sendable {
    case EIO, ENOSPC, EACCES, EXDEV, EMFILE, EINTR, ENOLCK, short, full, kill, after, tear

    /// Whether the process is killed.
    var kills: Bool { [.kill, .after, .tear].contains(self) }
    /// Whether nobody should notice.
    var isHarmless: Bool { [.EINTR, .short].contains(self) }

    /// What can happen to a call.
    static func all(of call: String) -> [Kind] {
      switch call {
      case "open": [.ENOSPC, .EACCES, .EMFILE, .EINTR, .kill, .after]
      case "write": [.ENOSPC, .EIO, .full, .short, .EINTR, .kill, .after, .tear]
      case "fsync": [.EIO, .ENOSPC, .EINTR, .kill, .after]
      case "close": [.EIO, .EINTR, .kill, .after]
      case "rename": [.EACCES, .EXDEV, .EIO, .kill, .after]
      case "mkdir": [.ENOSPC, .EACCES, .kill, .after]
      case "truncate": [.EIO, .EINTR, .kill, .after]
      case "settle": [.EIO, .kill, .after]
      default: [.kill, .after]
      }
    }
  }

  let kind: Kind
  /// A call's name, or * for any.
  var call = "*"
  /// A pattern of the call's path.
  var path = "*"
  /// Which of the calls that match, from 1.
  var number = 1

  /// The variables that make it happen below a folder; without a fault the calls are only noted.
  static func environment(_ fault: Fault?, below folder: String, log: String) throws -> [String: String] {
    var variables = [
      "LD_PRELOAD": try library.get(), "IAPC_FAULT_BELOW": folder, "IAPC_FAULT_LOG": log,
    ]
    if let fault {
      variables["IAPC_FAULT_KIND"] = fault.kind.rawValue
      variables["IAPC_FAULT_CALL"] = fault.call
      variables["IAPC_FAULT_PATH"] = fault.path
      variables["IAPC_FAULT_NUMBER"] = String(fault.number)
    }
    return variables
  }

  // MARK: The library

  private struct Obstacle: Error { let why: String }

  /// Why no call can be spoiled here; nil where they can.
  static var obstacle: String? {
    switch library {
    case .success: nil
    case .failure(let error): (error as? Obstacle)?.why ?? "\(error)"
    }
  }

  private static let library = Result<String, any Error> {
    #if os(Linux)
      let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      let source = tests.appendingPathComponent("../../Faults/faults.c").standardizedFileURL.path
      let folder = try ScratchFolder.keptToTheEnd()
      var said = "none was found"
      for compiler in ["clang", "cc", "gcc"].compactMap(onSearchPath) {
        let library = folder.path("faults.so")
        let outcome = try Command(
          ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], program: compiler
        ).outcome()
        if outcome.status == 0 { return library }
        said = outcome.errorLines.first ?? "\(compiler) fails"
      }
      throw Obstacle(why: "needs a C compiler: \(said)")
    #else
      throw Obstacle(why: "needs Linux, whose loader lets a library come before the system's")
    #endif
  }

  private static func onSearchPath(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// A call that a program made.
struct SystemCall: Sendable {
  /// From 1, in the order of the calls.
  let number: Int
  let name: String
  /// The file that it was about, below the folder that was watched, as it will be called in the end.
  let file: String

  /// The calls of a log, without the lines that tell of the fault.
  static func read(_ log: String, below folder: String) throws -> [SystemCall] {
    guard exists(log) else { return [] }
    return try text(log).split(separator: "\n").compactMap { SystemCall(line: $0, below: folder) }
  }

  /// The call of a log that was spoiled; nil where it never came to it.
  static func spoiled(in log: String, below folder: String) throws -> SystemCall? {
    guard exists(log) else { return nil }
    let line = try text(log).split(separator: "\n").first { $0.hasPrefix("fault ") }
    return line.flatMap { SystemCall(line: $0.dropFirst("fault ".count), below: folder) }
  }

  private init?(line: Substring, below folder: String) {
    let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
    guard parts.count == 3, let number = Int(parts[0]) else { return nil }
    (self.number, name) = (number, parts[1])
    file = withoutMarks(parts[2].replacingOccurrences(of: folder + "/", with: ""))
  }
}

/// A path without the random marks of files and folders that are being written.
func withoutMarks(_ path: String) -> String {
  path.replacing(/\/\.([^\/]+)\.[0-9a-z]+\.partial/) { "/\($0.output.1)" }
    .replacing(/^\.([^\/]+)\.[0-9a-z]+\.partial/) { "\($0.output.1)" }
    .replacing(/\.partial-[A-Za-z0-9]*-[0-9]+/, with: "")
    .replacing(/pseudo-labels\/[0-9a-f]{32}/, with: "pseudo-labels/KEY")
}
