// SPDX-License-Identifier: Apache-2.0

/// What a restricted pickle can say: plain data and descriptions of tensors, nothing that runs.
package enum PickleValue: Equatable, Sendable {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits, as two's-complement little-endian bytes.
  case bigInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  /// Pairs in file order. Where a key comes twice, the last one counts.
  case dict([PickleEntry])
  indirect case tensor(TensorRecord)
  /// An allowed name that stands alone: a class or a function which was not called.
  case name(String)
}

/// One pair of a pickled dictionary.
package struct PickleEntry: Equatable, Sendable {
  package let key: PickleValue
  package let value: PickleValue

  package init(_ key: PickleValue, _ value: PickleValue) {
    self.key = key
    self.value = value
  }
}

/// A tensor as a pickle describes it: a window on a storage that lies elsewhere in the file.
package struct TensorRecord: Equatable, Sendable {
  package let storage: StorageRecord
  /// First element in the storage, in elements.
  package let offset: Int
  package let shape: [Int]
  /// Steps in elements.
  package let strides: [Int]
}

/// A storage as a pickle names it.
package struct StorageRecord: Hashable, Sendable {
  package let key: String
  package let dtype: DType
  /// Elements of the whole storage.
  package let count: Int
}
