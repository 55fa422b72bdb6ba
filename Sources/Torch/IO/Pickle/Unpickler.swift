// SPDX-License-Identifier: Apache-2.0

import Files

/// Reads one pickle of protocol 2 to 5 as data. It calls nothing: the few names a checkpoint needs are
/// understood here, an object of another class stays a name, and a function that runs something is refused.
///
/// Source: the opcode table of CPython's `pickletools`.
struct Unpickler {
  let source: ByteSource
  var heap = PickleHeap()
  private var stack: [Int32] = []
  private var marks: [Int] = []
  private var memo: [Int: Int32] = [:]
  /// Every storage the pickle names, by its key.
  var storages: [String: StorageRecord] = [:]

  private init(_ source: ByteSource) {
    self.source = source
  }

  /// Reads the next pickle of `source` and leaves the source behind it.
  /// - Throws: `Problem` where the bytes are no pickle, end early, or ask for a name that is not allowed.
  static func read(_ source: ByteSource) throws -> PickleValue {
    try readWithStorages(source).value
  }

  /// Like `read`, with all storages that the pickle names, by key.
  static func readWithStorages(
    _ source: ByteSource
  ) throws -> (value: PickleValue, storages: [String: StorageRecord]) {
    var unpickler = Unpickler(source)
    while true {
      let code = try source.byte()
      if code == UInt8(ascii: ".") { break }
      try unpickler.heap.charge(1, place: source.place)
      try unpickler.step(code)
    }
    return (try unpickler.heap.value(of: unpickler.pop(), place: source.place), unpickler.storages)
  }

  private mutating func step(_ code: UInt8) throws {
    if try scalar(code) || container(code) || memory(code) || object(code) { return }
    let hex = String(code, radix: 16)
    throw damaged(
      source.place, "0x\(hex) at byte \(source.position - 1) is no step of a pickle of protocol 2 to 5")
  }

  /// Opcodes that push a number, a text or bytes.
  private mutating func scalar(_ code: UInt8) throws -> Bool {
    switch code {
    case 0x4e: push(.none)  // NONE
    case 0x88: push(.bool(true))  // NEWTRUE
    case 0x89: push(.bool(false))  // NEWFALSE
    case 0x4b: push(.int(try source.unsigned(1)))  // BININT1
    case 0x4d: push(.int(try source.unsigned(2)))  // BININT2
    case 0x4a: push(.int(Int(Int32(truncatingIfNeeded: try source.unsigned(4)))))  // BININT
    case 0x8a: push(Self.integer(try sized(1)))  // LONG1
    case 0x8b: push(Self.integer(try sized(4)))  // LONG4
    case 0x47:  // BINFLOAT
      let bits = try source.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      push(.float(Double(bitPattern: bits)))
    case 0x8c, 0x55: push(.string(try text(1)))  // SHORT_BINUNICODE, SHORT_BINSTRING
    case 0x58, 0x54: push(.string(try text(4)))  // BINUNICODE, BINSTRING
    case 0x8d: push(.string(try text(8)))  // BINUNICODE8
    case 0x43: push(.bytes(try sized(1)))  // SHORT_BINBYTES
    case 0x42: push(.bytes(try sized(4)))  // BINBYTES
    case 0x8e, 0x96: push(.bytes(try sized(8)))  // BINBYTES8, BYTEARRAY8
    default: return false
    }
    return true
  }

  /// Opcodes that make or fill lists, tuples, dictionaries and sets (read as lists).
  private mutating func container(_ code: UInt8) throws -> Bool {
    switch code {
    case 0x5d, 0x8f: addContainer(PickleHeap.Node.list, [])  // EMPTY_LIST, EMPTY_SET
    case 0x29: addContainer(PickleHeap.Node.tuple, [])  // EMPTY_TUPLE
    case 0x7d: addContainer(PickleHeap.Node.dict, [])  // EMPTY_DICT
    case 0x6c, 0x91: addContainer(PickleHeap.Node.list, try popToMark())  // LIST, FROZENSET
    case 0x74: addContainer(PickleHeap.Node.tuple, try popToMark())  // TUPLE
    case 0x85, 0x86, 0x87: addContainer(PickleHeap.Node.tuple, try pop(Int(code) - 0x84))  // TUPLE1...3
    case 0x64:  // DICT
      addContainer(PickleHeap.Node.dict, [])
      let made = try pop()
      let items = try popToMark()
      stack.append(made)
      try fill(items)
    case 0x61: try fill(try pop(1))  // APPEND
    case 0x73: try fill(try pop(2))  // SETITEM
    case 0x65, 0x75, 0x90: try fill(try popToMark())  // APPENDS, SETITEMS, ADDITEMS
    default: return false
    }
    return true
  }

  /// Opcodes that move what is on the stack or in the memo.
  private mutating func memory(_ code: UInt8) throws -> Bool {
    switch code {
    case 0x28: marks.append(stack.count)  // MARK
    case 0x30: _ = try pop()  // POP
    case 0x31: _ = try popToMark()  // POP_MARK
    case 0x32: try pushAgain(try top())  // DUP
    case 0x68: try recall(try source.unsigned(1))  // BINGET
    case 0x6a: try recall(try source.unsigned(4))  // LONG_BINGET
    case 0x71: memo[try source.unsigned(1)] = try top()  // BINPUT
    case 0x72: memo[try source.unsigned(4)] = try top()  // LONG_BINPUT
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case 0x80:  // PROTO
      let version = try source.unsigned(1)
      guard (2...5).contains(version) else {
        throw damaged(source.place, "pickle protocol \(version), 2 to 5 are read")
      }
    case 0x95: _ = try source.bytes(8)  // FRAME: only a hint of how much to read at once
    default: return false
    }
    return true
  }

  /// Opcodes that name classes and functions, or call them.
  private mutating func object(_ code: UInt8) throws -> Bool {
    switch code {
    case 0x63: try pushGlobal(try source.line(), try source.line())  // GLOBAL
    case 0x93:  // STACK_GLOBAL
      let parts = try pop(2).map { heap[$0] }
      guard case .value(.string(let module)) = parts[0], case .value(.string(let name)) = parts[1] else {
        throw damaged(source.place, "a name at byte \(source.position) is not text")
      }
      try pushGlobal(module, name)
    case 0x51: stack.append(try storage(try pop()))  // BINPERSID
    case 0x52, 0x81:  // REDUCE, NEWOBJ
      let parts = try pop(2)
      stack.append(try call(parts[0], try children(parts[1])))
    case 0x92:  // NEWOBJ_EX
      let parts = try pop(3)
      stack.append(try call(parts[0], try children(parts[1])))
    case 0x62:  // BUILD
      let state = try pop()
      try build(try top(), state)
    default: return false
    }
    return true
  }
}

// MARK: - Stack

extension Unpickler {
  private mutating func push(_ value: PickleValue) {
    stack.append(heap.add(.value(value)))
  }

  private mutating func addContainer(_ kind: (Int) -> PickleHeap.Node, _ items: [Int32]) {
    stack.append(heap.addContainer(kind, items))
  }

  private var floor: Int { marks.last ?? 0 }

  private func top() throws -> Int32 {
    guard stack.count > floor else { throw unbalanced }
    return stack[stack.count - 1]
  }

  private mutating func pop() throws -> Int32 {
    guard stack.count > floor else { throw unbalanced }
    return stack.removeLast()
  }

  private mutating func pop(_ count: Int) throws -> [Int32] {
    guard stack.count - floor >= count else { throw unbalanced }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [Int32] {
    guard let mark = marks.popLast() else { throw unbalanced }
    return try pop(stack.count - mark)
  }

  private mutating func recall(_ key: Int) throws {
    guard let index = memo[key] else {
      throw damaged(source.place, "the pickle recalls entry \(key), never stored")
    }
    try pushAgain(index)
  }

  /// Pushes an object that is there already. A text counts by its length, since names are copied on their
  /// way to the user.
  private mutating func pushAgain(_ index: Int32) throws {
    if case .value(.string(let text)) = heap[index] {
      try heap.charge(text.utf8.count, place: source.place)
    }
    stack.append(index)
  }

  private mutating func fill(_ items: [Int32]) throws {
    switch heap[try top()] {
    case .list(let at): heap.append(items[...], toContainer: at)
    case .dict(let at) where items.count % 2 == 0: heap.append(items[...], toContainer: at)
    case .opaque: return
    default:
      throw damaged(
        source.place, "the pickle fills something that is no container at byte \(source.position)")
    }
  }

  private mutating func pushGlobal(_ module: String, _ name: String) throws {
    guard module.utf8.count + name.utf8.count <= ByteSource.longestLine else {
      throw damaged(source.place, "a name before byte \(source.position) has no end")
    }
    let full = "\(module).\(name)"
    guard let global = PickleGlobal(module, name) else {
      throw unreadable(
        source.place, "the file asks to call `\(full)`, which iapc never does",
        "if you trust it, open it in Python and save only the weights: torch.save(model.state_dict(), path)"
      )
    }
    stack.append(heap.add(.global(global, full)))
  }

  private func sized(_ width: Int) throws -> [UInt8] {
    try source.bytes(try source.unsigned(width))
  }

  private func text(_ width: Int) throws -> String {
    String(decoding: try sized(width), as: UTF8.self)
  }

  private static func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .bigInteger(bytes) }
    var bits = UInt64(bytes.last.map { $0 >= 0x80 } ?? false ? UInt64.max : 0)
    for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
    return .int(Int(truncatingIfNeeded: bits))
  }

  var unbalanced: Problem {
    damaged(source.place, "the pickle takes more than it has at byte \(source.position)")
  }
}
