// SPDX-License-Identifier: Apache-2.0

/// A tensor's window on a storage, checked against the storage's size.
struct StridedWindow {
  let record: TensorRecord
  /// Elements of the tensor.
  let count: Int

  /// - Throws: `Problem` where an element would lie outside the storage, or sizes overflow.
  init(_ record: TensorRecord, name: String, place: String) throws {
    guard let count = Self.elements(record.shape, width: record.storage.dtype.byteWidth) else {
      throw damaged(place, "the shape \(record.shape) of \(name) is impossible")
    }
    var last = record.offset
    for (size, step) in zip(record.shape, record.strides) where count > 0 {
      let (reach, tooFar) = (size - 1).multipliedReportingOverflow(by: step)
      let (next, overflow) = last.addingReportingOverflow(reach)
      guard !tooFar, !overflow else {
        throw damaged(place, "the strides \(record.strides) of \(name) are impossible")
      }
      last = next
    }
    guard count == 0 || last < record.storage.count else {
      throw damaged(place, "\(name) reaches element \(last) of a storage of \(record.storage.count)")
    }
    self.record = record
    self.count = count
  }

  /// The product of a shape, or nil where its bytes (an axis of length 0 counted as 1) are beyond an Int.
  static func elements(_ shape: [Int], width: Int) -> Int? {
    var bytes = width
    for size in shape {
      let (next, overflow) = bytes.multipliedReportingOverflow(by: max(1, size))
      if overflow || size < 0 { return nil }
      bytes = next
    }
    return shape.contains(0) ? 0 : bytes / width
  }

  var byteCount: Int { count * record.storage.dtype.byteWidth }

  /// Whether the tensor is its whole storage in order, so that both can share memory.
  var isWholeStorage: Bool {
    count > 0 && isContiguous && record.offset == 0 && count == record.storage.count
  }

  private var isContiguous: Bool {
    zip(record.shape, zip(record.strides, contiguousStrides(record.shape)))
      .allSatisfy { size, steps in size == 1 || steps.0 == steps.1 }
  }

  /// The tensor's elements in row-major order. `storage` holds `record.storage.count` elements.
  func gather(_ storage: [UInt8]) -> StoredTensor {
    let (dtype, shape) = (record.storage.dtype, record.shape)
    if count == 0 { return StoredTensor(dtype: dtype, shape: shape, bytes: []) }
    if isWholeStorage { return StoredTensor(dtype: dtype, shape: shape, bytes: storage) }
    if isContiguous {
      let first = record.offset * dtype.byteWidth
      return StoredTensor(dtype: dtype, shape: shape, bytes: Array(storage[first..<first + byteCount]))
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { target, done in
      storage.withUnsafeBytes { source in
        let to = UnsafeMutableRawBufferPointer(target)
        switch dtype.byteWidth {
        case 1: copy(UInt8.self, from: source, to: to)
        case 2: copy(UInt16.self, from: source, to: to)
        case 4: copy(UInt32.self, from: source, to: to)
        default: copy(UInt64.self, from: source, to: to)
        }
      }
      done = byteCount
    }
    return StoredTensor(dtype: dtype, shape: shape, bytes: bytes)
  }

  private func copy<Element: BitwiseCopyable>(
    _: Element.Type, from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
  ) {
    let width = MemoryLayout<Element>.size
    var index = [Int](repeating: 0, count: record.shape.count)
    var at = record.offset
    for element in 0..<count {
      let value = source.loadUnaligned(fromByteOffset: at * width, as: Element.self)
      target.storeBytes(of: value, toByteOffset: element * width, as: Element.self)
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        at &+= record.strides[axis]  // the step of an axis of length 1 may be any number
        if index[axis] < record.shape[axis] { break }
        at &-= record.strides[axis] &* record.shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

/// Cuts tensors out of storages within a memory bound that follows from the size of the file.
///
/// Tensors may overlap, so a small file could describe any amount of data. A real checkpoint holds each
/// number about once; four times the file is generous.
struct TensorGatherer {
  let place: String
  private var budget: Int

  init(place: String, fileSize: Int) {
    self.place = place
    budget = 4 * fileSize + (1 << 24)
  }

  /// - Throws: `Problem` where the record does not fit its storage or the budget is used up.
  mutating func gather(_ record: TensorRecord, name: String, from storage: [UInt8]) throws -> StoredTensor {
    let window = try StridedWindow(record, name: name, place: place)
    let width = record.storage.dtype.byteWidth
    guard storage.count % width == 0, storage.count / width == record.storage.count else {
      throw damaged(
        place, "\(name) needs a storage of \(record.storage.count) elements, it has \(storage.count) bytes")
    }
    let (left, overflow) = budget.subtractingReportingOverflow(window.byteCount)
    guard !overflow, left >= 0 else {
      throw damaged(place, "its tensors overlap and would unpack to far more bytes than the file has")
    }
    budget = left
    return window.gather(storage)
  }
}
