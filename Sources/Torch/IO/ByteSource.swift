// SPDX-License-Identifier: Apache-2.0

/// Bytes read in order, from memory or from a file, that never gives more than there is.
final class ByteSource {
  /// What errors name: the path of the file.
  let place: String
  private let total: Int
  private let file: InputFile?
  private var buffer: [UInt8]
  private var bufferStart = 0
  private(set) var position = 0

  init(_ bytes: [UInt8], place: String) {
    self.place = place
    file = nil
    buffer = bytes
    total = bytes.count
  }

  init(_ file: InputFile) {
    place = file.path
    self.file = file
    buffer = []
    total = file.size
  }

  var remaining: Int { total - position }

  /// - Throws: `Problem` where the bytes are used up.
  func byte() throws -> UInt8 {
    let index = position - bufferStart
    if index < buffer.count {
      position += 1
      return buffer[index]
    }
    return try bytes(1)[0]
  }

  /// - Throws: `Problem` where fewer than `count` bytes are left.
  func bytes(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= remaining else {
      throw damaged(place, "\(count) bytes are announced at byte \(position), \(remaining) are left")
    }
    let start = position - bufferStart
    if start + count > buffer.count, let file {
      let chunk = try file.read(at: position, count: max(count, Self.chunk))
      guard chunk.count >= count else { throw damaged(place, "it became shorter while it was read") }
      position += count
      if count >= Self.chunk { return chunk }
      bufferStart = position - count
      buffer = chunk
      return Array(chunk[..<count])
    }
    position += count
    return Array(buffer[start..<start + count])
  }

  /// - Throws: `Problem` where fewer than `count` bytes are left.
  func skip(_ count: Int) throws {
    guard count >= 0, count <= remaining else {
      throw damaged(place, "\(count) bytes are announced at byte \(position), \(remaining) are left")
    }
    position += count
  }

  /// An unsigned little-endian number of 1 to 8 bytes; refused where it does not fit an Int.
  func unsigned(_ width: Int) throws -> Int {
    var value: UInt64 = 0
    for shift in 0..<width { value |= UInt64(try byte()) << UInt64(8 * shift) }
    guard let number = Int(exactly: value) else {
      throw damaged(place, "the length \(value) at byte \(position) is impossible")
    }
    return number
  }

  /// The text up to the next line feed, which is consumed.
  func line() throws -> String {
    var text: [UInt8] = []
    while true {
      let next = try byte()
      if next == UInt8(ascii: "\n") { break }
      text.append(next)
      guard text.count <= Self.longestLine else {
        throw damaged(place, "a name at byte \(position) has no end")
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let chunk = 1 << 16
  /// More than any name of a class or function has, in bytes.
  static let longestLine = 4096
}
