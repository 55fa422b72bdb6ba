// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Files that are there whole or not at all.
///
/// The bytes go to a temporary file beside the target, reach the disk, and take the target's name in one
/// step. Whatever fails, the temporary file is removed and a file that stood there before stays as it was.
public enum AtomicFile {
  /// Writes the bytes to the path, replacing a file of that name.
  ///
  /// - Throws: `Problem`; on a full disk it says how many bytes are needed.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try write(to: path, expecting: bytes.count) { try $0.append(bytes) }
  }

  /// Writes bytes: the file is there whole, or as it was.
  ///
  /// - Throws: `Problem` where the disk or the folder refuses it.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write($0, to: path) }
  }

  /// Writes a text in UTF-8: the file is there whole, or as it was.
  ///
  /// - Throws: `Problem` where the disk or the folder refuses it.
  public static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }

  /// Writes what the body appends, for files that never stand in memory whole.
  ///
  /// - `expected`: The bytes the file will hold, where known: told to the user when the disk is full.
  /// - Throws: `Problem` where writing fails, and whatever the body throws.
  public static func write<Result>(
    to path: String, expecting expected: Int? = nil, _ body: (inout Writer) throws -> Result
  ) throws -> Result {
    var writer = try Writer(target: followingLinks(path), named: path, expected: expected)
    do {
      let result = try body(&writer)
      try writer.finish()
      return result
    } catch {
      writer.abandon()
      throw error
    }
  }

  /// The name of the file that a temporary file of this writer was for; nil for any other name.
  ///
  /// One that lies about was left by a process that was killed while it wrote.
  public static func target(ofTemporary name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].isEmpty, parts[parts.count - 1] == ending else { return nil }
    let mark = parts[parts.count - 2]
    let isMark = UInt64(mark, radix: 36).map { String($0, radix: 36) == mark } ?? false
    return isMark ? parts[1..<parts.count - 2].joined(separator: ".") : nil
  }

  private static let ending = "partial"

  /// The path of a temporary file for another program to write, beside the target; no file has that name yet.
  package static func temporary(for target: String) -> String {
    var random = SystemRandomNumberGenerator()
    let mark = String(random.next() as UInt64, radix: 36)
    let (folder, file) = Writer.split(target)
    // A file name may hold 255 bytes, so a long one is cut to leave room for the mark.
    return "\(folder).\(String(decoding: file.utf8.prefix(200), as: UTF8.self)).\(mark).\(ending)"
  }

  /// Brings a whole temporary file to the disk and gives it the target's name in one step.
  ///
  /// Where that fails, the temporary file is removed.
  ///
  /// - Throws: `Problem` where the disk or the folder refuses it.
  package static func settle(_ temporary: String, as path: String) throws {
    var writer = try Writer(adopting: temporary, target: followingLinks(path), named: path)
    do { try writer.finish() } catch {
      writer.abandon()
      throw error
    }
  }

  // A link is followed, so that the file it leads to is replaced and not the link.
  private static func followingLinks(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The file being written.
  public struct Writer: ~Copyable {
    private let target: String
    private let name: String
    private let temporary: String
    private let expected: Int?
    private var descriptor: Int32
    // Small pieces go to the disk together: a checkpoint is made of hundreds.
    private var gathered: [UInt8] = []
    private static let gatheredSize = 1 << 16
    /// The bytes appended so far.
    public private(set) var count = 0

    fileprivate init(target: String, named name: String, expected: Int?) throws {
      (self.target, self.name, self.expected) = (target, name, expected)
      temporary = AtomicFile.temporary(for: target)
      let path = temporary
      descriptor = uninterrupted { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
      guard descriptor >= 0 else { throw problem(errno) }
    }

    /// A file that another program has written.
    fileprivate init(adopting temporary: String, target: String, named name: String) throws {
      (self.target, self.name, self.temporary, expected) = (target, name, temporary, nil)
      descriptor = uninterrupted { open(temporary, O_WRONLY | O_CLOEXEC) }
      guard descriptor >= 0 else { throw problem(errno) }
    }

    /// Appends the bytes.
    ///
    /// - Throws: `Problem` where the disk takes no more.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
      if gathered.count + bytes.count > Self.gatheredSize { try flush() }
      count += bytes.count
      if bytes.count < Self.gatheredSize { gathered += bytes } else { try put(bytes) }
    }

    private mutating func flush() throws {
      try gathered.withUnsafeBytes { try put($0) }
      gathered.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
      var rest = bytes[...]
      while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        let step = uninterrupted { systemWrite(descriptor, start, rest.count) }
        guard step > 0 else { throw problem(step < 0 ? errno : ENOSPC) }
        rest = rest.dropFirst(step)
      }
    }

    fileprivate mutating func finish() throws {
      try flush()
      let file = descriptor
      guard uninterrupted({ fsync(file) }) == 0 else { throw problem(errno) }
      let closed = systemClose(descriptor)
      descriptor = -1
      // A close that a signal cut short has closed all the same, and the bytes are on the disk already.
      guard closed == 0 || errno == EINTR else { throw problem(errno) }
      guard rename(temporary, target) == 0 else { throw problem(errno) }
      Self.settle(folder: Self.split(target).folder)
    }

    fileprivate mutating func abandon() {
      if descriptor >= 0 { _ = systemClose(descriptor) }
      descriptor = -1
      unlink(temporary)
    }

    // The new name is in the folder's own data. Some file systems refuse this; the file is whole either way.
    private static func settle(folder: String) {
      let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      _ = fsync(descriptor)
      _ = systemClose(descriptor)
    }

    fileprivate static func split(_ path: String) -> (folder: String, file: String) {
      guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
      let after = path.utf8.index(after: slash)
      return (String(path[..<after]), String(path[after...]))
    }

    private func problem(_ code: Int32) -> Problem {
      let needed = max(expected ?? 0, count)
      let (why, remedy) =
        switch code {
        case ENOSPC, EDQUOT:
          ("No space left on device; \(Self.amount(needed)) needed", "free space there or name another place")
        case ENOENT: ("its folder does not exist", "make the folder first")
        case EACCES, EPERM, EROFS: ("permission to write there is denied", "name a folder you may write in")
        case ENOTDIR: ("a part of the path is a file, not a directory", "check the path")
        case EISDIR, ENOTEMPTY, EEXIST: ("a directory has that name", "name a file")
        default: (String(cString: strerror(code)), "check the path and the disk")
        }
      return Problem("cannot write the file", at: name, because: why, remedy: remedy)
    }

    private static func amount(_ bytes: Int) -> String {
      let mebibyte = 1 << 20
      if bytes < mebibyte { return bytes == 1 ? "1 byte is" : "\(bytes) bytes are" }
      let rounded = (bytes + mebibyte - 1) / mebibyte
      return rounded == 1 ? "1 MiB is" : "\(rounded) MiB are"
    }
  }
}

/// Makes a call again as long as signals cut it short.
private func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

private func systemWrite(_ descriptor: Int32, _ from: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, from, count)
}
