// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Whole files, or their beginnings, in memory.
public enum FileBytes {
  /// No file that is read whole may be larger, in bytes; weights are not read whole.
  public static let most = 1 << 28

  /// The bytes of a file.
  ///
  /// - `limit`: the most bytes that a file of its kind has.
  /// - Throws: `Problem` with its own reason for a missing file, a directory, a file without read permission,
  ///   one larger than the limit and a failing disk. An empty file gives no bytes.
  public static func read(_ path: String, atMost limit: Int = most) throws -> [UInt8] {
    let file = try ReadableFile(path)
    defer { file.close() }
    guard file.byteCount <= limit else {
      throw Problem(
        "cannot read the file", at: path,
        because: "it has \(file.byteCount) bytes, expected at most \(limit)",
        remedy: "check that it is the right file")
    }
    return try bytes(of: file, count: file.byteCount)
  }

  /// The bytes of a text in UTF-8, without the byte-order mark that some editors put before it.
  ///
  /// - Throws: as `read(_:atMost:)`; whether the bytes are UTF-8 is for the caller to see.
  public static func readText(_ path: String, atMost limit: Int = most) throws -> [UInt8] {
    let bytes = try read(path, atMost: limit)
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// The first bytes of a file, `limit` of them or all that there are.
  ///
  /// - Throws: as `read(_:atMost:)`, whatever the file's size.
  public static func beginning(of path: String, limit: Int) throws -> [UInt8] {
    let file = try ReadableFile(path)
    defer { file.close() }
    return try bytes(of: file, count: min(limit, file.byteCount))
  }

  private static func bytes(of file: ReadableFile, count: Int) throws -> [UInt8] {
    // With a capacity of 0 the standard library would write into the empty array that all threads share.
    guard count > 0 else { return [] }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = try file.fill(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}

/// An open regular file, read in turn.
package struct ReadableFile {
  private let path: String
  private let what: String
  private let descriptor: Int32
  /// The size when it was opened.
  package let byteCount: Int

  /// - `kind`: what the file is, for messages.
  /// - Throws: `Problem` where there is no regular file that may be read.
  package init(_ path: String, kind: String = "file") throws {
    let what = "cannot read the \(kind)"
    // Without O_NONBLOCK a pipe that nobody writes to would hold the program for ever.
    let descriptor = PathText.withBytes(of: path, failed: -1) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw Self.problem(what, at: path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      _ = systemClose(descriptor)
      throw Self.problem(what, at: path, code)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      _ = systemClose(descriptor)
      throw Problem(what, at: path, because: "it is a directory", remedy: "name a file inside it")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      _ = systemClose(descriptor)
      throw Problem(
        what, at: path, because: "it is a device or a pipe, not a regular file", remedy: "name a regular file"
      )
    }
    self.path = path
    self.what = what
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  /// Reads from a place of the file until the buffer is full or the file ends; returns the number of bytes.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) throws -> Int {
    guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
      throw Self.problem(what, at: path, errno)
    }
    return try fill(buffer)
  }

  package func close() {
    _ = systemClose(descriptor)
  }

  /// Reads until the buffer is full or the file ends; returns the number of bytes read.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = systemRead(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw Problem(
          what, at: path, because: String(cString: strerror(errno)),
          remedy: "check the disk and try again")
      }
      filled += count
    }
    return filled
  }

  private static func problem(_ what: String, at path: String, _ code: Int32) -> Problem {
    let (why, remedy) =
      switch code {
      case ENOENT: ("there is no such file", "check the path")
      case ENOTDIR: ("a part of the path is a file, not a directory", "check the path")
      case EACCES, EPERM: ("permission to read it is denied", "make it readable for this user (chmod u+r)")
      case ELOOP: ("its links lead in a circle", "name the file itself")
      case EMFILE, ENFILE: ("too many files are open", "raise the limit (ulimit -n) or use fewer workers")
      default: (String(cString: strerror(code)), "check the path and the disk")
      }
    return Problem(what, at: path, because: why, remedy: remedy)
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

private func systemRead(_ descriptor: Int32, _ into: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, into, count)
}
