// SPDX-License-Identifier: Apache-2.0

import Files

/// The directory at the end of a zip archive, looked at before libtorch opens it.
///
/// torch.save puts its records one after another, uncompressed and with nothing behind the directory; only a
/// TorchScript program has packed ones. libtorch unpacks some records on opening, however large they say they
/// are, so none is let through that is packed to more than the whole file has.
///
/// Source: PKWARE's APPNOTE, sections 4.3.12 to 4.3.16 and 4.5.3.
struct ZipDirectory {
  private struct Entry {
    let name: [UInt8]
    let start: Int
    /// In the file, in bytes.
    let size: Int
  }

  /// More than any checkpoint has: a tensor takes one.
  private static let mostRecords = 1 << 20
  private static let longest = 1 << 27
  private static let (endLength, locatorLength, wideEndLength) = (22, 20, 56)
  private static let (entryLength, localLength) = (46, 30)

  private let file: InputFile
  private var count = 0
  private var start = 0
  private var length = 0

  /// - Throws: `Problem` where the directory is missing, contradicts the file's size, or tells of records
  ///   that torch.save does not write: far larger unpacked, encrypted, overlapping, two of one name.
  static func check(_ file: InputFile) throws {
    let directory = try ZipDirectory(file)
    try directory.checkRecords(directory.entries())
  }

  private init(_ file: InputFile) throws {
    self.file = file
    let endStart = file.size - Self.endLength
    let end = try ByteSource(file.read(at: max(0, endStart), count: Self.endLength), place: file.path)
    guard endStart >= 0, try end.unsigned(4) == 0x0605_4b50 else { throw missing }
    try end.skip(6)
    (count, length, start) = (try end.unsigned(2), try end.unsigned(4), try end.unsigned(4))
    guard try end.unsigned(2) == 0 else { throw missing }
    try widen(before: endStart)
    guard length <= file.size, start <= file.size - length else {
      throw damaged(file.path, "the archive's directory lies at byte \(start) of \(file.size)")
    }
    guard count <= min(Self.mostRecords, length / Self.entryLength), length <= Self.longest else {
      throw damaged(file.path, "the archive's directory of \(length) bytes declares \(count) records")
    }
  }

  /// Takes the numbers of the 64-bit form of the directory's end, where there is one.
  private mutating func widen(before end: Int) throws {
    guard end >= Self.locatorLength + Self.wideEndLength else { return }
    let locator = try ByteSource(
      file.read(at: end - Self.locatorLength, count: Self.locatorLength), place: file.path)
    guard try locator.unsigned(4) == 0x0706_4b50 else { return }
    try locator.skip(4)
    let place = try locator.unsigned(8)
    guard place <= file.size - Self.wideEndLength else { throw missing }
    let wide = try ByteSource(file.read(at: place, count: Self.wideEndLength), place: file.path)
    guard try wide.unsigned(4) == 0x0606_4b50 else { return }
    try wide.skip(28)
    (count, length, start) = (try wide.unsigned(8), try wide.unsigned(8), try wide.unsigned(8))
  }

  private func entries() throws -> [Entry] {
    let source = try ByteSource(file.read(at: start, count: length), place: file.path)
    return try (0..<count).map { _ in try entry(source) }
  }

  private func entry(_ source: ByteSource) throws -> Entry {
    guard try source.unsigned(4) == 0x0201_4b50 else {
      throw damaged(file.path, "the archive's directory is broken off")
    }
    try source.skip(4)
    let (flags, method) = (try source.unsigned(2), try source.unsigned(2))
    try source.skip(8)
    var (packed, size) = (try source.unsigned(4), try source.unsigned(4))
    let (nameLength, extraLength) = (try source.unsigned(2), try source.unsigned(2))
    let commentLength = try source.unsigned(2)
    try source.skip(8)
    var start = try source.unsigned(4)
    let name = try source.bytes(nameLength)
    try Self.widen(&size, &packed, &start, from: ByteSource(source.bytes(extraLength), place: file.path))
    try source.skip(commentLength)
    guard flags & 1 == 0, method == 0 ? packed == size : size <= file.size else {
      throw unreadable(
        file.path,
        "it is a zip archive that torch.save did not write: its record \(Self.text(name)) is packed",
        "unpack it and name the checkpoint inside, or save it again with torch.save")
    }
    return Entry(name: name, start: start, size: packed)
  }

  /// Takes the 64-bit numbers for those that say that they are beyond 32 bits.
  private static func widen(
    _ size: inout Int, _ packed: inout Int, _ start: inout Int, from extra: ByteSource
  ) throws {
    let beyond = Int(UInt32.max)
    guard size == beyond || packed == beyond || start == beyond else { return }
    while extra.remaining >= 4 {
      let (kind, length) = (try extra.unsigned(2), try extra.unsigned(2))
      guard kind == 1 else {
        try extra.skip(length)
        continue
      }
      if size == beyond { size = try extra.unsigned(8) }
      if packed == beyond { packed = try extra.unsigned(8) }
      if start == beyond { start = try extra.unsigned(8) }
      return
    }
  }

  /// Every record lies before the directory, and none in another.
  private func checkRecords(_ entries: [Entry]) throws {
    var names: Set<[UInt8]> = []
    var end = 0
    for entry in entries.sorted(by: { $0.start < $1.start }) {
      guard names.insert(entry.name).inserted else {
        throw damaged(file.path, "the archive has two records named \(Self.text(entry.name))")
      }
      let head = Self.localLength + entry.name.count
      guard entry.start >= end, entry.start <= start, entry.size <= start - entry.start - head else {
        let name = Self.text(entry.name)
        throw damaged(
          file.path,
          "record \(name) of \(entry.size) bytes at byte \(entry.start) does not fit the archive")
      }
      end = entry.start + head + entry.size
    }
  }

  private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

  private var missing: Problem {
    damaged(file.path, "the archive's directory at its end is missing")
  }
}
