// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Paths as text, whatever bytes they hold: old disks and archives have names in Latin-1 and other encodings.
///
/// A byte that is not UTF-8 is a character of the private range U+F780 ... U+F7FF in the text, and again the byte
/// where the file is opened.
public enum PathText {
  private static let first: UInt32 = 0xf700
  private static let escapes: ClosedRange<UInt32> = first + 0x80...first + 0xff

  /// The text of a path's bytes.
  public static func text(of bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var place = 0
    while place < bytes.count {
      let length = (1...4).first { length in
        place + length <= bytes.count
          && String(validating: bytes[place..<place + length], as: UTF8.self) != nil
      }
      if let length {
        text += String(decoding: bytes[place..<place + length], as: UTF8.self)
      } else if let escape = Unicode.Scalar(first + UInt32(bytes[place])) {
        text.unicodeScalars.append(escape)
      }
      place += length ?? 1
    }
    return text
  }

  /// The text for people: a byte that is not UTF-8 as "\xE9".
  public static func shown(_ path: String) -> String {
    replacing(path) { "\\x" + String($0, radix: 16, uppercase: true) }
  }

  /// The text as a part of another name: bytes that are not UTF-8 are read as Latin-1, which they mostly are.
  public static func name(_ path: String) -> String {
    replacing(path) { $0 < 0xa0 ? "x" + String($0, radix: 16) : String(Unicode.Scalar($0)) }
  }

  /// Calls the body, which answers a system's call, with the path; and again with its own bytes where no file has the
  /// text's.
  package static func withBytes<Result>(
    of path: String, failed: Result, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result where Result: Equatable {
    let result = path.withCString(body)
    guard result == failed, errno == ENOENT, holdsBytes(path) else { return result }
    var bytes: [CChar] = []
    for scalar in path.unicodeScalars {
      if escapes.contains(scalar.value) {
        bytes.append(CChar(bitPattern: UInt8(scalar.value - first)))
      } else {
        bytes += UTF8.encode(scalar).map { $0.map { CChar(bitPattern: $0) } } ?? []
      }
    }
    return (bytes + [0]).withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return failed }
      return body(start)
    }
  }

  private static func holdsBytes(_ path: String) -> Bool {
    path.unicodeScalars.contains { escapes.contains($0.value) }
  }

  private static func replacing(_ path: String, _ words: (UInt8) -> String) -> String {
    guard holdsBytes(path) else { return path }
    return path.unicodeScalars.map { scalar in
      escapes.contains(scalar.value) ? words(UInt8(scalar.value - first)) : String(scalar)
    }.joined()
  }
}
