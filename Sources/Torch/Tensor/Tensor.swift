// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// An n-dimensional array of libtorch.
///
/// Copies share their elements, as in PyTorch. A tensor stays on the thread that made it: workers hand over
/// plain arrays. Operations trap on a programmer's mistake (shapes, types), naming the operation and its
/// operands.
public struct Tensor {
  let handle: Handle

  init(owning raw: OpaquePointer) {
    handle = Handle(owning: raw)
  }

  /// The number of elements along each axis; images are [N, C, H, W].
  public var shape: [Int] {
    handle.lend { x in
      var rank = 0
      must("rank") { ct_rank(&rank, x) }
      var sizes = [Int64](repeating: 0, count: rank)
      must("shape") { ct_shape(&sizes, rank, x) }
      return sizes.map(Int.init)
    }
  }

  /// How many axes it has.
  public var rank: Int { shape.count }
  /// How many elements it has.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The type of an element.
  public var dtype: DType {
    handle.lend { x in
      var raw: Int32 = 0
      must("dtype") { ct_dtype(&raw, x) }
      guard let dtype = DType(rawValue: raw) else {
        fatalError("a tensor of the unsupported type number \(raw)")
      }
      return dtype
    }
  }

  /// Where it lives.
  public var device: Device {
    handle.lend { x in
      var raw = ct_device(kind: 0, index: 0)
      must("device") { ct_tensor_device(&raw, x) }
      return Device(raw)
    }
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "Tensor(\(dtype), \(shape), \(device))" }
}
