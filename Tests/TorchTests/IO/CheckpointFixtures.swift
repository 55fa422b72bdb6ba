// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

/// The files of Fixtures/checkpoints, which Reference/checkpoint_fixtures.py writes.
enum CheckpointFixtures {
  static func path(_ name: String) -> String { Fixtures.path("checkpoints/\(name)") }

  static func bytes(_ name: String) throws -> [UInt8] {
    try FileBytes.read(path(name))
  }

  static let all: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path(""))
    return (names ?? []).sorted()
  }()

  /// Element i of a fixture's tensor of seed s: (i * 7 + s) mod 31, less 8 where the type has a sign.
  static func expected(_ shape: [Int], seed: Int, _ dtype: DType = .float32) -> StoredTensor {
    let numbers = (0..<shape.reduce(1, *)).map { ($0 * 7 + seed) % 31 }
    let bytes = numbers.flatMap { number -> [UInt8] in
      let value = number - 8
      switch dtype {
      case .uint8: return [UInt8(number)]
      case .bool: return [UInt8(number % 2)]
      case .int8: return raw(Int8(value))
      case .int16: return raw(Int16(value))
      case .int32: return raw(Int32(value))
      case .int64: return raw(Int64(value))
      case .float16: return raw(halfBits(value))
      case .bfloat16: return raw(UInt16(Float(value).bitPattern >> 16))
      case .float32: return raw(Float(value).bitPattern)
      case .float64: return raw(Double(value).bitPattern)
      }
    }
    return StoredTensor(dtype: dtype, shape: shape, bytes: bytes)
  }

  /// The tensors that the script calls `plain`.
  static let plain: [(name: String, tensor: StoredTensor)] = [
    ("conv.weight", expected([4, 3, 2, 2], seed: 1)), ("conv.bias", expected([4], seed: 2)),
    ("bn.num_batches_tracked", expected([], seed: 3, .int64)),
  ]

  /// One tensor of each type, as the script's `every_dtype` makes them.
  static let everyType: [(name: String, tensor: StoredTensor)] = {
    let types: [DType] = [
      .uint8, .int8, .int16, .int32, .int64, .float16, .bfloat16, .float32, .float64, .bool,
    ]
    return types.enumerated().map { seed, type in ("\(type)", expected([2, 5], seed: seed, type)) }
  }()

  private static func raw(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
  }

  /// IEEE half precision of a small whole number, by its definition: `Float16` is not on every platform.
  private static func halfBits(_ value: Int) -> UInt16 {
    if value == 0 { return 0 }
    let single = Float(value)
    let exponent = UInt16(Int(single.exponent) + 15)
    let sign: UInt16 = value < 0 ? 0x8000 : 0
    return sign | exponent << 10 | UInt16(single.significandBitPattern >> 13)
  }
}

/// Compares names, order, types, shapes and bytes.
func expectSame(
  _ found: [(name: String, tensor: StoredTensor)], _ expected: [(name: String, tensor: StoredTensor)],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.map(\.name) == expected.map(\.name), sourceLocation: sourceLocation)
  for (left, right) in zip(found, expected) {
    #expect(left.tensor == right.tensor, "\(left.name)", sourceLocation: sourceLocation)
  }
}
