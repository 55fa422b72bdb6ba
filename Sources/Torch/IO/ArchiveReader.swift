// SPDX-License-Identifier: Apache-2.0

internal import TorchABI
import Files

/// The records of a zip checkpoint, by name.
final class ArchiveReader {
  let names: Set<String>
  private let path: String
  private let handle: OpaquePointer
  /// No more than the file's own bytes are ever unpacked: PyTorch does not compress.
  private var budget: Int

  /// - Throws: `Problem` where the file is no intact zip archive.
  init(_ path: String, fileSize: Int) throws {
    var opened: OpaquePointer?
    if let error = ct_archive_reader_open(&opened, path) {
      throw Self.unopened(archiveMessage(taking: error), path)
    }
    guard let opened else { fatalError("an archive was opened without a handle") }
    do {
      names = try Self.recordNames(opened, path)
    } catch {
      ct_archive_reader_free(opened)
      throw error
    }
    self.path = path
    handle = opened
    budget = fileSize
  }

  deinit { ct_archive_reader_free(handle) }

  /// - Throws: `Problem` where the record is missing, compressed or cut off.
  func read(_ name: String) throws -> [UInt8] {
    guard names.contains(name) else { throw damaged(path, "the archive has no record \(name)") }
    var size = 0
    try Self.check(ct_archive_reader_size(&size, handle, name), path)
    guard size >= 0, size <= budget else {
      throw damaged(path, "record \(name) declares \(size) bytes, more than the file can hold uncompressed")
    }
    budget -= size
    if size == 0 { return [] }
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, done in
      try Self.check(ct_archive_reader_read(handle, name, buffer.baseAddress, size), path)
      done = size
    }
  }

  private static func recordNames(_ handle: OpaquePointer, _ path: String) throws -> Set<String> {
    var count = 0
    try check(ct_archive_reader_count(&count, handle), path)
    var names: Set<String> = []
    for index in 0..<count {
      var name: UnsafePointer<CChar>?
      try check(ct_archive_reader_name(&name, handle, index), path)
      if let name { names.insert(String(cString: name)) }
    }
    return names
  }

  private static func unopened(_ message: String, _ path: String) -> Problem {
    if message.contains("central directory") {
      return damaged(path, "the archive's directory at its end is missing")
    }
    if message.contains("zip archive") { return damaged(path, message) }
    return unreadable(
      path, "it is a zip archive that torch.save did not write",
      "if it is a packed folder, unpack it and name the checkpoint inside")
  }

  private static func check(_ error: OpaquePointer?, _ path: String) throws {
    guard let error else { return }
    throw damaged(path, archiveMessage(taking: error))
  }
}

/// The first sentence of an error from the boundary, which is freed. The rest is advice about PyTorch.
func archiveMessage(taking error: OpaquePointer) -> String {
  defer { ct_error_free(error) }
  let message = String(cString: ct_error_message(error))
  let end = message.firstRange(of: ". ")?.lowerBound ?? message.endIndex
  return String(message[..<end])
}
