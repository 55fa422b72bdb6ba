// SPDX-License-Identifier: Apache-2.0

/// The checksum CRC-32C (Castagnoli), which guards the records of event files.
///
/// Written out here because no library that is linked has it: zlib's and libpng's `crc32` are of another
/// polynomial.
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1 }
  }

  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(~0) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8 }
    }
  }

  /// The checksum as record files hold it, so that a checksum over bytes with checksums in them stays a good
  /// one.
  ///
  /// Source: TensorFlow, tsl/lib/hash/crc32c.h.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }
}
