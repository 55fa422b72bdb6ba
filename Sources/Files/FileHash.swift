// SPDX-License-Identifier: Apache-2.0

import Crypto

/// SHA-256 of files and bytes, as 64 lower-case hexadecimal digits.
public enum FileHash {
  private static let pieceSize = 1 << 20

  /// The hash of a file, read piece by piece.
  ///
  /// - Throws: `Problem` where the file cannot be read.
  public static func sha256(ofFile path: String) throws -> String {
    let file = try ReadableFile(path)
    defer { file.close() }
    var hash = SHA256()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
    defer { piece.deallocate() }
    while true {
      let count = try file.fill(piece)
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: piece[..<count]))
      if count < piece.count { break }
    }
    return hexadecimal(hash.finalize())
  }

  /// The SHA-256 of bytes, as 64 hexadecimal digits.
  public static func sha256(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    return hexadecimal(hash.finalize())
  }

  /// The hash of what is given piece by piece.
  public struct Stream {
    private var hash = SHA256()

    /// The hash of nothing yet.
    public init() {}

    /// Takes in the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
      hash.update(bufferPointer: bytes)
    }

    /// Takes in a text with its length before it, so that no two sequences of texts are alike.
    public mutating func update(_ text: String) {
      let utf8 = Array(text.utf8)
      withUnsafeBytes(of: UInt64(utf8.count).littleEndian) { update($0) }
      utf8.withUnsafeBytes { update($0) }
    }

    /// The SHA-256 of all bytes so far, as 64 hexadecimal digits; more may follow.
    public func finish() -> String { hexadecimal(hash.finalize()) }
  }

  /// The SHA-256 of bytes, as 64 hexadecimal digits.
  public static func sha256(of bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { sha256(of: $0) }
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
