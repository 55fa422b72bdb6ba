// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Writes the records of a zip checkpoint one after another into a sink.
final class ArchiveWriter {
  /// Takes the next bytes of the file.
  typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  private final class Context {
    let sink: Sink
    var failure: (any Error)?

    init(_ sink: @escaping Sink) { self.sink = sink }
  }

  private let context: Context
  private let handle: OpaquePointer

  /// - Throws: what `sink` throws.
  init(_ sink: @escaping Sink) throws {
    let context = Context(sink)
    var made: OpaquePointer?
    let error = ct_archive_writer_new(
      &made,
      { context, bytes, count in
        guard let context else { return 1 }
        let owner = Unmanaged<Context>.fromOpaque(context).takeUnretainedValue()
        do {
          try owner.sink(UnsafeRawBufferPointer(start: bytes, count: count))
          return 0
        } catch {
          owner.failure = error
          return 1
        }
      }, Unmanaged.passUnretained(context).toOpaque())
    try Self.check(error, context)
    guard let made else { fatalError("an archive was begun without a handle") }
    self.context = context
    handle = made
  }

  deinit { ct_archive_writer_free(handle) }

  /// - Throws: what the sink throws.
  func add(_ name: String, _ bytes: [UInt8]) throws {
    let error = bytes.withUnsafeBytes { ct_archive_writer_add(handle, name, $0.baseAddress, $0.count) }
    try Self.check(error, context)
  }

  /// Writes the directory; no record may follow.
  /// - Throws: what the sink throws.
  func finish() throws {
    try Self.check(ct_archive_writer_finish(handle), context)
  }

  private static func check(_ error: OpaquePointer?, _ context: Context) throws {
    guard let error else { return }
    let message = archiveMessage(taking: error)
    guard let failure = context.failure else { fatalError("cannot write a zip archive: \(message)") }
    throw failure
  }
}
