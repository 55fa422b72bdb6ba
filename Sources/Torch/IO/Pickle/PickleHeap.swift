// SPDX-License-Identifier: Apache-2.0

/// The objects of a pickle while it is being read, named by their index.
///
/// Containers hold indices, not values: a pickle may fill a container after it was put elsewhere, and may
/// nest or share them so that a tree of values would overflow the stack or the memory.
struct PickleHeap {
  enum Node {
    case value(PickleValue)
    indirect case global(PickleGlobal, String)
    indirect case storage(StorageRecord, viewOffset: Int)
    case numpyDType(String)
    /// An object of a class that means nothing here, never made; by its call: "argparse.Namespace()".
    case opaque(String)
    indirect case tensor(TensorRecord)
    /// The rest are indices of `children`; a dictionary alternates keys and values.
    case list(Int)
    case tuple(Int)
    case dict(Int)
  }

  private(set) var nodes: [Node] = []
  private(set) var children: [[Int32]] = []

  /// More objects than any checkpoint has: 1000 tensors take about 30 000.
  static let mostNodes = 5_000_000
  static let deepest = 64

  private var spent = 0

  /// Counts work that is not bounded by the bytes read, such as copies of one object asked for many times.
  /// - Throws: `Problem` beyond what any checkpoint needs.
  mutating func charge(_ amount: Int, place: String) throws {
    spent += amount
    guard spent <= Self.mostNodes else {
      throw damaged(place, "its pickle describes more than \(Self.mostNodes) objects")
    }
  }

  mutating func add(_ node: Node) -> Int32 {
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  mutating func addContainer(_ kind: (Int) -> Node, _ items: [Int32]) -> Int32 {
    children.append(items)
    return add(kind(children.count - 1))
  }

  mutating func append(_ items: ArraySlice<Int32>, toContainer index: Int) {
    children[index].append(contentsOf: items)
  }

  subscript(_ index: Int32) -> Node { nodes[Int(index)] }

  /// The object with all it holds, as plain values.
  /// - Throws: `Problem` for containers in a circle or nested more than 64 deep.
  func value(of root: Int32, place: String) throws -> PickleValue {
    var done: [Int32: (value: PickleValue, height: Int)] = [:]

    func resolve(_ index: Int32, _ depth: Int) throws -> (value: PickleValue, height: Int) {
      let child: Int
      switch nodes[Int(index)] {
      case .value(let value): return (value, 0)
      case .tensor(let record): return (.tensor(record), 0)
      case .global(_, let name): return (.name(name), 0)
      case .storage: return (.name("a storage"), 0)
      case .opaque(let name): return (.name(name), 0)
      case .numpyDType: return (.name("a numpy dtype"), 0)
      case .list(let at), .tuple(let at), .dict(let at): child = at
      }
      if let known = done[index] { return known }
      var items: [PickleValue] = []
      items.reserveCapacity(children[child].count)
      var height = 0
      for item in children[child] {
        guard depth < Self.deepest else { throw Self.tooDeep(place) }
        let (value, below) = try resolve(item, depth + 1)
        items.append(value)
        height = max(height, below + 1)
      }
      guard height <= Self.deepest else { throw Self.tooDeep(place) }
      let result = (value: container(nodes[Int(index)], items), height: height)
      done[index] = result
      return result
    }
    return try resolve(root, 0).value
  }

  private func container(_ node: Node, _ items: [PickleValue]) -> PickleValue {
    switch node {
    case .list: .list(items)
    case .tuple: .tuple(items)
    default: .dict(stride(from: 0, to: items.count - 1, by: 2).map { PickleEntry(items[$0], items[$0 + 1]) })
    }
  }

  private static func tooDeep(_ place: String) -> Error {
    damaged(place, "its containers are nested more than \(deepest) deep or in a circle")
  }
}
