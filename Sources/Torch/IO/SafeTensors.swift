// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// The safetensors format: the header's length in 8 bytes, a JSON header, then the tensors without gaps.
enum SafeTensors {
  /// In bytes: what the most tensors take with names of 100 letters.
  private static let longestHeader = 1 << 24
  /// The header, a tensor's entry, its shape.
  private static let deepest = 3

  static func read(_ file: InputFile) throws -> Checkpoint {
    let source = ByteSource(file)
    let length = try source.unsigned(8)
    guard length <= source.remaining else {
      throw damaged(file.path, "its header declares \(length) bytes, \(source.remaining) are left")
    }
    guard length <= longestHeader else {
      throw damaged(file.path, "its header declares \(length) bytes, expected at most \(longestHeader)")
    }
    let header = try decode(try source.bytes(length), file.path)
    var tensors: [(name: String, tensor: StoredTensor)] = []
    tensors.reserveCapacity(header.entries.count)
    var end = 0
    for (name, entry) in header.entries {
      let dtype = try check(entry, name, startingAt: end, of: source)
      let bytes = try source.bytes(entry.dataOffsets[1] - end)
      tensors.append((name, StoredTensor(dtype: dtype, shape: entry.shape, bytes: bytes)))
      end = entry.dataOffsets[1]
    }
    guard source.remaining == 0 else {
      throw damaged(file.path, "\(source.remaining) bytes after the last tensor belong to none")
    }
    guard !tensors.isEmpty else { throw unreadable(file.path, "it holds no tensor", "name another file") }
    try Checkpoint.checkCount(tensors.count, place: file.path)
    let keys = tensors.map(\.name)
    let prefixes = KeyPrefixes.takeOff(&tensors, name: \.name)
    var places = CheckpointPlaces()
    for (key, entry) in zip(keys, tensors) where key != entry.name { places.keys[entry.name] = [key] }
    return Checkpoint(
      tensors: tensors, metadata: header.metadata, format: .safetensors,
      wrapper: prefixes.isEmpty ? nil : prefixes.joined(separator: ", "), places: places)
  }

  private static func decode(_ json: [UInt8], _ path: String) throws -> SafeTensorsHeader {
    guard let keyCount = keyCount(of: json), let header = try? decoded(json) else {
      throw damaged(path, "its header is not the JSON of safetensors")
    }
    guard header.keyCount == keyCount else { throw damaged(path, "its header names a tensor twice") }
    return header
  }

  private static func decoded(_ json: [UInt8]) throws -> SafeTensorsHeader {
    try JSONDecoder().decode(SafeTensorsHeader.self, from: Data(json))
  }

  /// How many keys the outer object has, counting one that comes twice as two, which the decoder would pass
  /// over; nil for objects and lists nested deeper than a header's.
  private static func keyCount(of json: [UInt8]) -> Int? {
    var (count, depth) = (0, 0)
    var (inText, escaped) = (false, false)
    for byte in json {
      if inText {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else {
          inText = byte != UInt8(ascii: "\"")
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":") where depth == 1: count += 1
      default: continue
      }
      if depth > deepest { return nil }
    }
    return count
  }

  /// The element type of an entry whose bytes follow the ones before it, are in the file and fit its shape.
  private static func check(
    _ entry: SafeTensorsHeader.Entry, _ name: String, startingAt start: Int, of source: ByteSource
  ) throws -> DType {
    guard let dtype = SafeTensorsHeader.dtype(entry.dtype) else {
      throw unreadable(
        source.place, "\(name) has the element type \(entry.dtype), which iapc does not know",
        "convert it to F32 in Python")
    }
    let offsets = entry.dataOffsets
    guard offsets.count == 2, offsets[0] == start, offsets[1] >= start else {
      throw damaged(source.place, "\(name) lies at bytes \(offsets), it should begin at \(start)")
    }
    let found = offsets[1] - start
    guard let count = StridedWindow.elements(entry.shape, width: dtype.byteWidth),
      count * dtype.byteWidth == found
    else {
      throw damaged(source.place, "\(name) of \(entry.dtype) and shape \(entry.shape) has \(found) bytes")
    }
    return dtype
  }

  static func write(_ checkpoint: Checkpoint, to path: String) throws {
    // Wide elements first keeps every tensor aligned to its own width.
    let ordered = checkpoint.tensors.sorted { $0.tensor.dtype.byteWidth > $1.tensor.dtype.byteWidth }
    var entries: [(name: String, entry: SafeTensorsHeader.Entry)] = []
    var end = 0
    for (name, tensor) in ordered {
      let key = checkpoint.places.path(of: name).joined(separator: ".")
      let start = end
      end += tensor.bytes.count
      let code = SafeTensorsHeader.code(tensor.dtype)
      entries.append((key, .init(dtype: code, shape: tensor.shape, dataOffsets: [start, end])))
    }
    let head = try encode(SafeTensorsHeader(metadata: checkpoint.metadata, entries: entries))
    try AtomicFile.write(to: path, expecting: head.count + end) { writer in
      try head.withUnsafeBytes { try writer.append($0) }
      for (_, tensor) in ordered { try tensor.bytes.withUnsafeBytes { try writer.append($0) } }
    }
  }

  /// The length and the header, padded with spaces so that the data begins at a multiple of 8 bytes.
  private static func encode(_ header: SafeTensorsHeader) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var json = [UInt8](try encoder.encode(header))
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + json
  }
}
