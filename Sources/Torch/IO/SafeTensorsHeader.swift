// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The JSON header of a safetensors file.
/// Source: the format description of huggingface/safetensors.
struct SafeTensorsHeader: Codable {
  struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    /// First byte and the byte after the last, counted from the end of the header.
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  var metadata: [String: String] = [:]
  /// In the order of their bytes.
  var entries: [(name: String, entry: Entry)] = []
  /// The different keys of the header that was read.
  private(set) var keyCount = 0

  static let metadataKey = "__metadata__"

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(metadata: [String: String], entries: [(name: String, entry: Entry)]) {
    self.metadata = metadata
    self.entries = entries
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    keyCount = container.allKeys.count
    for key in container.allKeys {
      if key.stringValue == Self.metadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries.append((key.stringValue, try container.decode(Entry.self, forKey: key)))
      }
    }
    entries.sort { ($0.entry.dataOffsets, $0.name) < ($1.entry.dataOffsets, $1.name) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    if !metadata.isEmpty { try container.encode(metadata, forKey: Name(Self.metadataKey)) }
    for (name, entry) in entries { try container.encode(entry, forKey: Name(name)) }
  }

  static func code(_ dtype: DType) -> String {
    switch dtype {
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .float32: "F32"
    case .float64: "F64"
    case .bool: "BOOL"
    case .bfloat16: "BF16"
    }
  }

  static func dtype(_ code: String) -> DType? {
    DType.allCases.first { Self.code($0) == code }
  }
}

private func < (left: ([Int], String), right: ([Int], String)) -> Bool {
  left.0 == right.0 ? left.1 < right.1 : left.0.lexicographicallyPrecedes(right.0)
}
