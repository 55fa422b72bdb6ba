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

/// Keeps other runs from writing into a folder for as long as this one does.
///
/// A file in the folder is locked (`flock`), which the system undoes when the process ends, however it ends. What is
/// written in the file is for people: which process has it, and since when.
package final class RunLock {
  /// The lock's file in a folder.
  static let name = "run.lock"
  /// Bytes of its content.
  private static let length = 256

  private let file: String
  /// The folder, where it was made for the lock; it goes again unless something came into it.
  private let madeFolder: String?
  /// Negative once it is released.
  private var descriptor: Int32

  /// Locks a folder, which is made where it is not there.
  ///
  /// - `note`: hears where the file system knows no locks.
  /// - Throws: a `Problem` that says who has it, and where the folder cannot be written to.
  package init(_ folder: String, note: (String) -> Void) throws {
    file = "\(folder)/\(Self.name)"
    let isNew = !FileManager.default.fileExists(atPath: folder)
    try makeFolder(folder)
    madeFolder = isNew ? folder : nil
    do { descriptor = try Self.opened(file, of: folder, note) } catch {
      if isNew { rmdir(folder) }
      throw error
    }
    writeOwner()
  }

  deinit { release() }

  /// Lets other runs have the folder.
  package func release() {
    guard descriptor >= 0 else { return }
    // While it is locked: else it might be another's by then.
    unlink(file)
    close(descriptor)
    descriptor = -1
    if let madeFolder { rmdir(madeFolder) }
  }

  /// - Throws: a `Problem` where another process has locked the folder; it is not locked by that.
  static func check(_ folder: String) throws {
    let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK { throw inUse(folder, descriptor) }
  }

  /// Opens and locks the file.
  private static func opened(_ file: String, of folder: String, _ note: (String) -> Void) throws -> Int32 {
    // Others may hold it for a moment, to see whether it is locked, or take it away as they end.
    for attempt in 1... {
      let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0o666)
      guard descriptor >= 0 else {
        if errno == EINTR { continue }
        throw Problem(
          "cannot lock the run folder", at: folder, because: String(cString: strerror(errno)),
          remedy: "make it writable and make room, or name another --output")
      }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        if isNamed(descriptor, file) { return descriptor }
      } else if errno != EWOULDBLOCK {
        note(
          "\(folder): its file system knows no locks (\(String(cString: strerror(errno)))): "
            + "see to it that no other run writes there")
        return descriptor
      } else if attempt >= 10 {
        defer { close(descriptor) }
        throw inUse(folder, descriptor)
      }
      close(descriptor)
      usleep(20_000)
    }
    fatalError("the attempts ended")
  }

  /// Whether the name still leads to the open file.
  private static func isNamed(_ descriptor: Int32, _ file: String) -> Bool {
    var (own, named) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && stat(file, &named) == 0
      && own.st_ino == named.st_ino && own.st_dev == named.st_dev
  }

  /// Says who has it. Where there is no room for that it is locked all the same.
  private func writeOwner() {
    let host = ProcessInfo.processInfo.hostName
    let text = "process \(getpid()) on \(host), since \(Self.time(Date()))".utf8.prefix(Self.length - 1)
    // Over all that a process which was killed may have left there.
    let line = text + [UInt8](repeating: UInt8(ascii: " "), count: Self.length - 1 - text.count) + [10]
    _ = line.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func time(_ date: Date) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return format.string(from: date)
  }

  private static func inUse(_ folder: String, _ descriptor: Int32) -> Problem {
    var bytes = [UInt8](repeating: 0, count: length)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let owner = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return Problem(
      "the run folder is in use", at: folder,
      because: "\(owner.isEmpty ? "another process" : owner) writes there",
      remedy: "wait for its end or stop it, or name another --output")
  }
}
