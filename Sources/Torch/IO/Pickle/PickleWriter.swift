// SPDX-License-Identifier: Apache-2.0

/// Writes the pickle of a state dict, in protocol 2 with the steps `torch.load(weights_only=True)` allows.
struct PickleWriter {
  private(set) var bytes: [UInt8] = []

  /// `OrderedDict`s of tensors in each other, as `places` says; the storage of the n-th tensor has the key
  /// "n".
  static func stateDict(
    _ tensors: [(name: String, tensor: StoredTensor)], _ places: CheckpointPlaces = CheckpointPlaces()
  ) -> [UInt8] {
    var top = Branch()
    for (index, entry) in tensors.enumerated() {
      top.add(index, at: (places.around + places.path(of: entry.name))[...])
    }
    var writer = PickleWriter()
    writer.bytes = [0x80, 2]  // PROTO
    writer.dictionary(top, tensors)
    writer.op(".")
    return writer.bytes
  }

  /// A dictionary to be written: its keys in order, each with a tensor's number or a dictionary.
  private struct Branch {
    var leaves: [(key: String, index: Int?)] = []
    var branches: [String: Branch] = [:]

    mutating func add(_ index: Int, at path: ArraySlice<String>) {
      guard let key = path.first else { return }
      guard path.count > 1 else { return leaves.append((key, index)) }
      if branches[key] == nil { leaves.append((key, nil)) }
      branches[key, default: Branch()].add(index, at: path.dropFirst())
    }
  }

  private mutating func dictionary(
    _ branch: Branch, _ tensors: [(name: String, tensor: StoredTensor)]
  ) {
    emptyOrderedDict()
    op("(")
    for (key, index) in branch.leaves {
      text(key)
      if let index {
        tensor(tensors[index].tensor, key: "\(index)")
      } else if let inner = branch.branches[key] {
        dictionary(inner, tensors)
      }
    }
    op("u")  // SETITEMS
  }

  /// `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`.
  private mutating func tensor(_ tensor: StoredTensor, key: String) {
    global("torch._utils", "_rebuild_tensor_v2")
    op("(")
    op("(")
    text("storage")
    global("torch", PickleGlobal.storageName(tensor.dtype))
    text(key)
    text("cpu")
    integer(tensor.bytes.count / tensor.dtype.byteWidth)
    op("t")
    op("Q")  // BINPERSID
    integer(0)
    tuple(tensor.shape)
    tuple(contiguousStrides(tensor.shape))
    bytes.append(0x89)  // NEWFALSE
    emptyOrderedDict()
    op("t")
    op("R")  // REDUCE
  }

  private mutating func emptyOrderedDict() {
    global("collections", "OrderedDict")
    op(")")
    op("R")
  }

  private mutating func tuple(_ numbers: [Int]) {
    op("(")
    for number in numbers { integer(number) }
    op("t")
  }

  private mutating func integer(_ number: Int) {
    switch number {
    case 0...0xff: bytes += [UInt8(ascii: "K"), UInt8(number)]
    case 0...Int(Int32.max):
      op("J")
      littleEndian(number, width: 4)
    default:
      bytes += [0x8a, 8]  // LONG1
      littleEndian(number, width: 8)
    }
  }

  private mutating func text(_ text: String) {
    op("X")
    littleEndian(text.utf8.count, width: 4)
    bytes += text.utf8
  }

  private mutating func global(_ module: String, _ name: String) {
    op("c")
    bytes += "\(module)\n\(name)\n".utf8
  }

  private mutating func littleEndian(_ number: Int, width: Int) {
    for shift in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
  }

  private mutating func op(_ letter: Unicode.Scalar) {
    bytes.append(UInt8(ascii: letter))
  }
}

/// Row-major steps in elements, as PyTorch counts them: an axis of length 0 counts as 1.
func contiguousStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in stride(from: shape.count - 2, through: 0, by: -1) {
    strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
  }
  return strides
}
