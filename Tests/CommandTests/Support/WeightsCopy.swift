// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A safetensors file that is changed and written again.
struct WeightsCopy {
  private var entries: [(name: String, type: String, shape: [Int], bytes: [UInt8])] = []
  private var metadata: [String: String] = [:]

  init(of path: String) throws {
    let file = Array(try bytes(path))
    let length = file[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let json = try JSONSerialization.jsonObject(with: Data(file[8..<8 + length]))
    for (name, value) in try #require(json as? [String: [String: Any]]) {
      if name == "__metadata__" {
        metadata = try #require(value as? [String: String])
        continue
      }
      let offsets = try #require(value["data_offsets"] as? [Int]).map { 8 + length + $0 }
      entries.append(
        (
          name, try #require(value["dtype"] as? String), try #require(value["shape"] as? [Int]),
          Array(file[offsets[0]..<offsets[1]])
        ))
    }
    entries.sort { $0.name < $1.name }
  }

  /// Says nothing of itself any more.
  mutating func forget() { metadata = [:] }

  /// Puts the same before all names.
  mutating func prefix(_ text: String) {
    for index in entries.indices { entries[index].name = text + entries[index].name }
  }

  /// Another file's entries beside these.
  mutating func add(_ other: WeightsCopy) { entries += other.entries }

  /// An entry of ones.
  mutating func add(_ name: String) { entries.append((name, "F32", [1], [0, 0, 0x80, 0x3f])) }

  /// Puts values in the place of the first of an entry's.
  mutating func set(_ name: String, _ values: [Float]) throws {
    let index = try #require(entries.firstIndex { $0.name == name && $0.type == "F32" })
    for (place, value) in values.enumerated() {
      for byte in 0..<4 {
        entries[index].bytes[4 * place + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * byte))
      }
    }
  }

  func write(to path: String) throws {
    var (header, data): ([String: Any], [UInt8]) = ([:], [])
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    // Wide elements first, so that all are aligned.
    for entry in entries.sorted(by: { ($0.type == "I64" ? 0 : 1) < ($1.type == "I64" ? 0 : 1) }) {
      header[entry.name] = [
        "dtype": entry.type, "shape": entry.shape,
        "data_offsets": [data.count, data.count + entry.bytes.count],
      ]
      data += entry.bytes
    }
    var text = Array(try JSONSerialization.data(withJSONObject: header))
    while text.count % 8 != 0 { text.append(0x20) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try Data(length + text + data).write(to: URL(fileURLWithPath: path))
  }
}
