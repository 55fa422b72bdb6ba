// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Where the bytes of an archive go, as C hands them on. What it throws is kept until C has returned.
final class ArchiveSink {
  /// Takes the next bytes of the file.
  typealias Body = (UnsafeRawBufferPointer) throws -> Void

  private let body: Body
  private var failure: (any Error)?

  init(_ body: @escaping Body) { self.body = body }

  /// The sink as C takes it; good while the sink lives.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// What C calls with the context.
  static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int32 = {
    context, bytes, count in
    guard let context else { return 1 }
    let sink = Unmanaged<ArchiveSink>.fromOpaque(context).takeUnretainedValue()
    do {
      try sink.body(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    } catch {
      sink.failure = error
      return 1
    }
  }

  /// - Throws: what the sink threw, where the call of C failed.
  func check(_ error: OpaquePointer?) throws {
    guard let error else { return }
    let message = archiveMessage(taking: error)
    guard let failure else { fatalError("cannot write a zip archive: \(message)") }
    throw failure
  }
}
