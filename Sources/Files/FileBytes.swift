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
  /// The bytes of a file, or its first `limit` bytes.
  ///
  /// - Throws: `Problem` with its own reason for a missing file, a directory, a file without read permission
  ///   and a failing disk. An empty file gives no bytes.
  public static func read(_ path: String, limit: Int = .max) throws -> [UInt8] {
    let file = try ReadableFile(path)
    defer { file.close() }
    return try [UInt8](unsafeUninitializedCapacity: min(limit, file.byteCount)) { buffer, count in
      count = try file.fill(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}

/// An open regular file, read in turn.
package struct ReadableFile {
  private let path: String
  private let descriptor: Int32
  /// The size when it was opened.
  package let byteCount: Int

  /// - Throws: `Problem` where there is no regular file that may be read.
  package init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.problem(opening: path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      _ = systemClose(descriptor)
      throw Self.problem(opening: path, code)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      _ = systemClose(descriptor)
      throw Problem(
        "cannot read the file", at: path, because: "it is a directory", remedy: "name a file inside it")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      _ = systemClose(descriptor)
      throw Problem(
        "cannot read the file", at: path, because: "it is a device or a pipe, not a regular file",
        remedy: "name a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
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
          "cannot read the file", at: path, because: String(cString: strerror(errno)),
          remedy: "check the disk and try again")
      }
      filled += count
    }
    return filled
  }

  private static func problem(opening path: String, _ code: Int32) -> Problem {
    let (why, remedy) =
      switch code {
      case ENOENT: ("there is no such file", "check the path")
      case ENOTDIR: ("a part of the path is a file, not a directory", "check the path")
      case EACCES, EPERM: ("permission to read it is denied", "make it readable for this user (chmod u+r)")
      case EMFILE, ENFILE: ("too many files are open", "raise the limit (ulimit -n) or use fewer workers")
      default: (String(cString: strerror(code)), "check the path and the disk")
      }
    return Problem("cannot read the file", at: path, because: why, remedy: remedy)
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

private func systemRead(_ descriptor: Int32, _ into: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, into, count)
}
