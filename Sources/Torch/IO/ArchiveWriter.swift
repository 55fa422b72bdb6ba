// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Writes the records of a zip checkpoint one after another into a sink.
final class ArchiveWriter {
  private let sink: ArchiveSink
  private let handle: OpaquePointer

  /// - Throws: what `sink` throws.
  init(_ sink: @escaping ArchiveSink.Body) throws {
    let sink = ArchiveSink(sink)
    var made: OpaquePointer?
    try sink.check(ct_archive_writer_new(&made, ArchiveSink.call, sink.context))
    guard let made else { fatalError("an archive was begun without a handle") }
    self.sink = sink
    handle = made
  }

  deinit { ct_archive_writer_free(handle) }

  /// - Throws: what the sink throws.
  func add(_ name: String, _ bytes: [UInt8]) throws {
    let error = bytes.withUnsafeBytes { ct_archive_writer_add(handle, name, $0.baseAddress, $0.count) }
    try sink.check(error)
  }

  /// Writes the directory; no record may follow.
  /// - Throws: what the sink throws.
  func finish() throws {
    try sink.check(ct_archive_writer_finish(handle))
  }
}
