// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A finished run of the program.
struct Outcome {
  let status: Int32
  /// Whether it ended by itself and not by a signal.
  let exited: Bool
  let output: String
  let errors: String

  var errorLines: [String] { errors.split(whereSeparator: \.isNewline).map(String.init) }
}

/// The program as a user starts it: the built executable in a process of its own.
final class Command {
  /// `IAPC_BINARY`, or else the executable beside the test bundle.
  static let binary: String? = {
    let files = FileManager.default
    if let own = ProcessInfo.processInfo.environment["IAPC_BINARY"], !own.isEmpty {
      return files.isExecutableFile(atPath: own) ? own : nil
    }
    let bundles = Bundle.allBundles.map(\.bundleURL) + [URL(fileURLWithPath: CommandLine.arguments[0])]
    for var folder in bundles.map({ $0.resolvingSymlinksInPath() }) {
      for _ in 0..<5 {
        folder.deleteLastPathComponent()
        let candidate = folder.appendingPathComponent("iapc").path
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
          return candidate
        }
      }
    }
    return nil
  }()

  private let process = Process()
  private let scratch: ScratchFolder
  /// Its cache, empty when it starts.
  var cache: String { scratch.path("cache") }

  /// Starts a program; the one that is tested by default.
  ///
  /// - `standardError`: where it leads in the place of what the outcome tells.
  init(
    _ arguments: [String], program: String? = nil, folder: String? = nil,
    environment added: [String: String] = [:], standardError: FileHandle? = nil
  ) throws {
    let program = try #require(
      program ?? Command.binary, "build the iapc executable first, or set IAPC_BINARY")
    scratch = try ScratchFolder()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    environment["IAPC_CACHE"] = cache
    // Threads that wait for each other while other tests run cost seconds.
    environment["OMP_NUM_THREADS"] = "1"
    environment.merge(added) { $1 }
    process.environment = environment
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try handle("stdout")
    let errors = try handle("stderr")
    process.standardError = standardError ?? errors
    try process.run()
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// What it has said so far.
  var errorsSoFar: String { (try? text("stderr")) ?? "" }

  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.processIdentifier }

  /// Waits for the end; a program that hangs is killed after two minutes, or ten under a sanitizer.
  func outcome() throws -> Outcome {
    let isSlow = ProcessInfo.processInfo.environment["IAPC_SANITIZE"] != nil
    let deadline = Date().addingTimeInterval(isSlow ? 600 : 120)
    while process.isRunning {
      if Date() > deadline { send(SIGKILL) }
      usleep(5000)
    }
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, exited: process.terminationReason == .exit,
      output: try text("stdout"),
      errors: try text("stderr"))
  }

  private func handle(_ name: String) throws -> FileHandle {
    try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file(name, [])))
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch.path(name))), as: UTF8.self)
  }
}

/// Runs the program to its end.
func iapc(_ arguments: String..., folder: String? = nil) throws -> Outcome {
  try Command(arguments, folder: folder).outcome()
}

func iapc(_ arguments: [String], folder: String? = nil) throws -> Outcome {
  try Command(arguments, folder: folder).outcome()
}

/// Runs the program to its end, which has to be a good one.
@discardableResult
func done(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
  let outcome = try iapc(arguments)
  #expect(outcome.status == 0 && outcome.exited, "\(outcome.errors)", sourceLocation: sourceLocation)
  return outcome
}

/// Expects status 1 and nothing on stderr but one line that starts with `error: ` and holds the words.
func expectError(
  _ arguments: [String], saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let outcome = try iapc(arguments)
  #expect(outcome.status == 1 && outcome.exited, "status \(outcome.status)", sourceLocation: sourceLocation)
  #expect(outcome.output == "", sourceLocation: sourceLocation)
  #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(outcome.errors.hasPrefix("error: "), "\(outcome.errors)", sourceLocation: sourceLocation)
  for word in words {
    #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}

/// A program of the system, where there is one.
func systemProgram(_ name: String) -> String? {
  ["/usr/bin", "/bin", "/sbin", "/usr/sbin"].map { "\($0)/\(name)" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}
