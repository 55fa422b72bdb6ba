// SPDX-License-Identifier: Apache-2.0

/// Messages one after another, as event files hold them: length, its checksum, message, its checksum.
///
/// Source: TensorFlow, "TFRecord and tf.train.Example".
package enum RecordFraming {
  /// A message as a record.
  package static func record(_ message: [UInt8]) -> [UInt8] {
    let length = bytes(UInt64(message.count))
    return length + bytes(CRC32C.masked(length)) + message + bytes(CRC32C.masked(message))
  }

  /// The messages of a file, up to the first that is not whole.
  package static func messages(in file: [UInt8]) -> [[UInt8]] {
    var (messages, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], file[...])
    while rest.count >= 16 {
      let head = rest.prefix(8)
      let length = number(head)
      guard number(rest.dropFirst(8).prefix(4)) == UInt64(CRC32C.masked(head)), length <= rest.count - 16
      else { break }
      let message = rest.dropFirst(12).prefix(Int(length))
      let sum = rest.dropFirst(12 + Int(length)).prefix(4)
      guard number(sum) == UInt64(CRC32C.masked(message)) else { break }
      messages.append(Array(message))
      rest = rest.dropFirst(16 + Int(length))
    }
    return messages
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
