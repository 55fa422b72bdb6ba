// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation

private let limit = 1 << 20

/// Reads a picture as colours.
func readColours(_ bytes: [UInt8]) throws {
  let image = try ImageFile.decode(bytes, name: "input", limit: limit)
  try expect(image.size.area <= limit, "\(image.size) pixels, \(limit) were allowed")
  try expect(image.pixels.count == 3 * image.size.area, "\(image.pixels.count) bytes of \(image.size)")
}

/// Reads a picture as classes, which most do not hold, and as colours.
func readColoursAndLabels(_ bytes: [UInt8]) throws {
  do { try readLabels(bytes) } catch is Problem {}
  try readColours(bytes)
}

/// Reads a PNG as colours and as classes, and again with its checksums put right, so that changed bytes get
/// past them.
func readPNG(_ bytes: [UInt8]) throws {
  let mended = withChecksums(bytes)
  try attempt([
    { try readColours(bytes) }, { try readLabels(bytes) },
    { try readColours(mended) }, { try readLabels(mended) },
  ])
}

private func readLabels(_ bytes: [UInt8]) throws {
  let labels = try ImageFile.decodeIndices(bytes, name: "input", limit: limit)
  try expect(labels.size.area <= limit, "\(labels.size) pixels, \(limit) were allowed")
  let count = labels.channels * labels.size.area
  try expect(labels.values.count == count, "\(labels.values.count) values, expected \(count)")
  let classes = try LabelSpace.cityscapesIDs.map(labels, path: "input")
  try expect(classes.pixels.count == labels.size.area, "\(classes.pixels.count) classes")
}

/// A PNG with the right checksum after every chunk that is there as a whole.
private func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  var start = 8
  while start + 12 <= bytes.count {
    let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = start + 8 + length
    guard end + 4 <= bytes.count else { break }
    let sum = checksum(bytes[start + 4..<end])
    for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * place)) }
    start = end + 4
  }
  return bytes
}

/// The CRC-32 of PNG and zlib.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { checksumTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
}

private let checksumTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : 0xedb8_8320 ^ value >> 1 }
}
