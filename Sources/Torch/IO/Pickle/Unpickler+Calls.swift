// SPDX-License-Identifier: Apache-2.0

import Files

/// What the allowed names mean. Nothing here runs code: a call is read as a description of its result.
extension Unpickler {
  /// The items of a list or tuple.
  func children(_ index: Int32) throws -> [Int32] {
    switch heap[index] {
    case .list(let at), .tuple(let at): return heap.children[at]
    default: throw malformed("a sequence")
    }
  }

  /// The result of calling `function` with `arguments`.
  mutating func call(_ function: Int32, _ arguments: [Int32]) throws -> Int32 {
    guard case .global(let global, let name) = heap[function] else { throw malformed("a callable name") }
    try heap.charge(arguments.count, place: source.place)
    switch global {
    case .orderedDict: return try orderedDict(arguments)
    case .rebuildTensor:
      let record = try tensor(arguments)
      return heap.add(.tensor(record))
    case .rebuildParameter:
      guard let first = arguments.first, case .tensor = heap[first] else {
        throw malformed("a parameter's tensor")
      }
      return first
    case .size:
      guard arguments.count == 1 else { throw malformed("a torch.Size") }
      return arguments[0]
    case .device: return try device(arguments)
    case .encode: return try encode(arguments)
    case .numpyDType:
      guard let first = arguments.first else { throw malformed("a numpy dtype") }
      return heap.add(.numpyDType(try string(first)))
    case .numpyScalar: return try numpyScalar(arguments)
    case .foreign:
      try heap.charge(name.utf8.count, place: source.place)
      return heap.add(.opaque("\(name)()"))
    case .storage, .dtype:
      throw unreadable(
        source.place, "the file asks to call `\(name)`, which no checkpoint does", "fetch it again")
    }
  }

  /// Sets the state of an object: ignored for dictionaries, whose state is only `_metadata`.
  mutating func build(_ object: Int32, _ state: Int32) throws {
    switch heap[object] {
    case .dict, .opaque: return
    case .numpyDType:
      let order = try children(state).dropFirst().first.map { try string($0) }
      guard order != ">" else { throw malformed("a little-endian numpy dtype") }
    default: throw malformed("an object without a state of its own")
    }
  }

  /// A storage from `('storage', class, key, location, count[, view])`.
  mutating func storage(_ index: Int32) throws -> Int32 {
    let parts = try children(index)
    guard parts.count >= 5, case .value(.string("storage")) = heap[parts[0]] else {
      throw unreadable(
        source.place, "the file holds a whole pickled module, which only its own Python code can open",
        wholeModuleRemedy)
    }
    guard case .global(let global, let name) = heap[parts[1]] else { throw malformed("a storage class") }
    guard case .storage(let dtype) = global else { throw otherElements(name) }
    let record = StorageRecord(key: try string(parts[2]), dtype: dtype, count: try natural(parts[4]))
    guard storages.updateValue(record, forKey: record.key) ?? record == record else {
      throw damaged(source.place, "storage \(record.key) is described in two ways")
    }
    guard parts.count > 5, case .tuple(let at) = heap[parts[5]] else {
      return heap.add(.storage(record, viewOffset: 0))
    }
    let view = heap.children[at]
    guard view.count == 3 else { throw malformed("a view of a storage") }
    return heap.add(.storage(record, viewOffset: try natural(view[1])))
  }

  /// Weights whose elements are none that networks are computed in here.
  private func otherElements(_ storage: String) -> Problem {
    guard let type = storage.split(separator: ".").last, type.hasSuffix("Storage") else {
      return malformed("a storage class")
    }
    if type.hasPrefix("Q") {
      return unreadable(
        source.place,
        "its weights are quantized (\(type)), and those of a network in floating point are wanted",
        "give the weights from before they were quantized")
    }
    return unreadable(
      source.place, "it holds tensors of a type that iapc does not know (\(type))",
      "save them as numbers of 32 bits in Python: torch.save({k: v.float() for k, v in state.items()}, path)")
  }

  private mutating func orderedDict(_ arguments: [Int32]) throws -> Int32 {
    var items: [Int32] = []
    if let first = arguments.first {
      let pairs = try children(first)
      try heap.charge(pairs.count, place: source.place)
      for pair in pairs {
        let both = try children(pair)
        guard both.count == 2 else { throw malformed("a pair of key and value") }
        items += both
      }
    }
    return heap.addContainer(PickleHeap.Node.dict, items)
  }

  private mutating func tensor(_ arguments: [Int32]) throws -> TensorRecord {
    guard arguments.count >= 4, case .storage(let storage, let viewOffset) = heap[arguments[0]] else {
      throw malformed("a tensor on a storage")
    }
    let (offset, shape) = (try natural(arguments[1]), try naturals(arguments[2]))
    let strides = try naturals(arguments[3])
    let (first, overflow) = offset.addingReportingOverflow(viewOffset)
    guard !overflow, shape.count == strides.count else {
      throw malformed("a tensor's shape with as many strides")
    }
    try heap.charge(2 * shape.count, place: source.place)
    return TensorRecord(storage: storage, offset: first, shape: shape, strides: strides)
  }

  private mutating func device(_ arguments: [Int32]) throws -> Int32 {
    guard let first = arguments.first else { throw malformed("a device") }
    let index = try arguments.dropFirst().first.map { ":\(try natural($0))" } ?? ""
    let kind = try string(first)
    try heap.charge(kind.utf8.count, place: source.place)
    return heap.add(.value(.string(kind + index)))
  }

  /// `_codecs.encode(text, "latin1")`: how protocol 2 writes bytes.
  private mutating func encode(_ arguments: [Int32]) throws -> Int32 {
    guard let first = arguments.first else { throw malformed("a text to encode") }
    let text = try string(first)
    try heap.charge(text.utf8.count, place: source.place)
    let bytes = try text.unicodeScalars.map { scalar in
      guard let byte = UInt8(exactly: scalar.value) else { throw malformed("a latin-1 text") }
      return byte
    }
    return heap.add(.value(.bytes(bytes)))
  }

  private mutating func numpyScalar(_ arguments: [Int32]) throws -> Int32 {
    guard arguments.count == 2, case .numpyDType(let code) = heap[arguments[0]],
      case .value(.bytes(let bytes)) = heap[arguments[1]], bytes.count <= 8,
      Int(code.dropFirst()) == bytes.count
    else { throw malformed("a numpy number") }
    let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = UInt64(64 - 8 * bytes.count)
    switch code {
    case "f8": return heap.add(.value(.float(Double(bitPattern: bits))))
    case "f4": return heap.add(.value(.float(Double(Float(bitPattern: UInt32(bits))))))
    case "b1": return heap.add(.value(.bool(bits != 0)))
    case "i1", "i2", "i4", "i8":
      return heap.add(.value(.int(Int(Int64(bitPattern: bits << unused) >> unused))))
    case "u1", "u2", "u4": return heap.add(.value(.int(Int(bits))))
    default: throw malformed("a numpy number of a known kind, found \(code)")
    }
  }

  private func string(_ index: Int32) throws -> String {
    guard case .value(.string(let text)) = heap[index] else { throw malformed("a text") }
    return text
  }

  private func natural(_ index: Int32) throws -> Int {
    guard case .value(.int(let number)) = heap[index], number >= 0 else {
      throw malformed("a count of 0 or more")
    }
    return number
  }

  private func naturals(_ index: Int32) throws -> [Int] {
    let items = try children(index)
    guard items.count <= 64 else { throw malformed("at most 64 axes") }
    return try items.map { try natural($0) }
  }

  private func malformed(_ expected: String) -> Problem {
    damaged(source.place, "the pickle should hold \(expected) before byte \(source.position)")
  }
}
