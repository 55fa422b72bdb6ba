// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// FFmpeg's programs, which read and write video for this one.
public enum VideoProgram: String, CaseIterable, Sendable {
  /// Decodes and encodes.
  case ffmpeg
  /// Tells what a file holds.
  case ffprobe

  /// Where the program lies; nil where no folder of `PATH` has it.
  public var path: String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.lazy.map { "\($0)/\(rawValue)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// - Throws: a `Problem` that says how to get the program.
  func found() throws -> String {
    if let path { return path }
    throw Problem(
      "cannot work on video", at: rawValue, because: "the program is in no folder of PATH",
      remedy: "install FFmpeg 5.1 or later: apt-get install ffmpeg, or brew install ffmpeg")
  }
}

/// One of FFmpeg's programs at work.
///
/// What it complains of goes to a file without a name, so that it never waits for somebody to read it.
final class VideoProcess {
  private let process = Process()
  private let complaints: FileHandle

  init(
    _ program: VideoProgram, _ arguments: [String], input: Any = FileHandle.nullDevice,
    output: Any = FileHandle.nullDevice
  ) throws {
    complaints = try Self.namelessFile()
    process.executableURL = URL(fileURLWithPath: try program.found())
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = complaints
    do { try process.run() } catch {
      throw Problem(
        "cannot work on video", at: program.rawValue, because: "the program does not start: \(error)",
        remedy: "install FFmpeg anew")
    }
  }

  /// Ends it, whatever it is doing.
  func stop() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// Waits for its end.
  ///
  /// - Parameter strict: whether a complaint alone is a failure.
  /// - Returns: its first complaint where it failed; nil where all went well.
  func failure(strict: Bool = false) -> String? {
    process.waitUntilExit()
    let ended = process.terminationReason == .exit
    if ended, process.terminationStatus == 0 { return strict ? firstComplaint : nil }
    let code = "status \(process.terminationStatus)"
    return firstComplaint ?? (ended ? "FFmpeg ended with \(code)" : "FFmpeg was ended by a signal")
  }

  /// Without the part of FFmpeg and the address that it begins with: `[h264 @ 0x55d0c4] no frame!`.
  private var firstComplaint: String? {
    guard (try? complaints.seek(toOffset: 0)) != nil,
      let data = try? complaints.read(upToCount: 4096),
      let line = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first
    else { return nil }
    let text = line.replacing(/^(\[[^\]]* @ 0x[0-9a-f]+\] *)+|\.$/, with: "")
    return text.isEmpty ? nil : String(text.prefix(300))
  }

  private static func namelessFile() throws -> FileHandle {
    var name = Array((NSTemporaryDirectory() + "iapc-video-XXXXXX").utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw Problem(
        "cannot make a temporary file", at: NSTemporaryDirectory(), because: String(cString: strerror(errno)),
        remedy: "free space there, or set TMPDIR")
    }
    unlink(name)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }
}
