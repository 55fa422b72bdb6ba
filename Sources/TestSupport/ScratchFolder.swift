// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of its own for one test, removed with the value.
public final class ScratchFolder: Sendable {
  public let url = FileManager.default.temporaryDirectory.appendingPathComponent("iapc-\(UUID().uuidString)")

  public init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and gives its path.
  public func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }
}

/// Runs `body` with an empty folder, removed afterwards.
public func withTemporaryFolder<Result>(_ body: (ScratchFolder) throws -> Result) throws -> Result {
  let folder = try ScratchFolder()
  return try withExtendedLifetime(folder) { try body(folder) }
}
