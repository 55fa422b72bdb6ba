// SPDX-License-Identifier: Apache-2.0

/// What one element of a tensor is. Raw values are libtorch's `c10::ScalarType` numbers.
public enum DType: Int32, Sendable, CaseIterable {
  /// Whole numbers 0 ... 255.
  case uint8 = 0
  /// Whole numbers of 8 bits.
  case int8 = 1
  /// Whole numbers of 16 bits.
  case int16 = 2
  /// Whole numbers of 32 bits.
  case int32 = 3
  /// Whole numbers of 64 bits.
  case int64 = 4
  /// IEEE half precision.
  case float16 = 5
  /// IEEE single precision.
  case float32 = 6
  /// IEEE double precision.
  case float64 = 7
  /// Truth values of one byte.
  case bool = 11
  /// The upper half of single precision: its range, 8 bits of it.
  case bfloat16 = 15

  /// Bytes an element takes.
  public var byteWidth: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16, .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// Whether elements are rounded numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16: true
    default: false
    }
  }
}
