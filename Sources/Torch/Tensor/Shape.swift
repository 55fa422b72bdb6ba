// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Tensor {
  /// The same elements in row-major order under another shape; one axis may be -1.
  public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

  /// The same elements in row-major order under another shape; one axis may be -1.
  public func reshaped(_ shape: [Int]) -> Tensor {
    unary("reshape") { out, x in shape.lend64 { ct_reshape(out, x, $0, $1) } }
  }

  /// The axes from `first` on as one, in row-major order.
  public func flattened(from first: Int) -> Tensor { unary("flatten") { ct_flatten($0, $1, Int64(first)) } }

  /// One axis as several, in row-major order; one of their sizes may be -1.
  public func unflattened(_ axis: Int, into sizes: Int...) -> Tensor {
    unary("unflatten") { out, x in sizes.lend64 { ct_unflatten(out, x, Int64(axis), $0, $1) } }
  }

  /// One axis as height and width of another map, [..., H, W].
  public func unflattened(_ axis: Int, like map: Tensor) -> Tensor {
    binary("unflatten", map) { ct_unflatten_like($0, $1, Int64(axis), $2) }
  }

  /// Axes in another order.
  public func permuted(_ axes: Int...) -> Tensor {
    unary("permute") { out, x in axes.lend64 { ct_permute(out, x, $0, $1) } }
  }

  /// Elements `range` along `axis`, sharing memory.
  public func slice(_ range: Range<Int>, along axis: Int) -> Tensor {
    unary("narrow") { ct_narrow($0, $1, Int64(axis), Int64(range.lowerBound), Int64(range.count)) }
  }

  /// The parts one after another along `axis`.
  public static func concatenated(_ parts: [Tensor], along axis: Int) -> Tensor {
    must("cat") { out in Torch.lend(parts) { ct_cat(out, $0, parts.count, Int64(axis)) } }
  }

  /// The elements along `axis` in reverse: the last axis of an image mirrors it.
  public func flipped(along axis: Int) -> Tensor { unary("flip") { ct_flip($0, $1, Int64(axis)) } }

  /// The slices of `axis` that int64 `indices` name, in their order.
  public func selecting(_ indices: Tensor, along axis: Int) -> Tensor {
    binary("indexSelect", indices) { ct_index_select($0, $1, Int64(axis), $2) }
  }

  /// `self[..., indices[...], ...]` along `axis`, as PyTorch's `gather`.
  public func gathering(_ indices: Tensor, along axis: Int) -> Tensor {
    binary("gather", indices) { ct_gather($0, $1, Int64(axis), $2) }
  }

  /// int64 [...] -> float32 [..., classes]: 1 at the class, a zero row for a value outside 0 ..< classes.
  public func oneHot(classes: Int) -> Tensor { unary("oneHot") { ct_one_hot($0, $1, Int64(classes)) } }

  /// The matrix product, over leading axes as a batch.
  public func matmul(_ other: Tensor) -> Tensor { binary("matmul", other) { ct_matmul($0, $1, $2) } }

  /// The elements in another type; itself where it has it.
  public func to(_ dtype: DType) -> Tensor { to(dtype, on: device) }
  /// The elements on another device; itself where it is there.
  public func to(_ device: Device) -> Tensor { to(dtype, on: device) }

  /// The elements in a type and on a device; itself where nothing changes.
  public func to(_ dtype: DType, on device: Device) -> Tensor {
    unary("to") { ct_to($0, $1, dtype.rawValue, device.raw) }
  }

  /// A copy with memory of its own.
  public func copy() -> Tensor { unary("clone") { ct_clone($0, $1) } }
  /// Row-major memory, copied only where it is not.
  public func contiguous() -> Tensor { unary("contiguous") { ct_contiguous($0, $1) } }
  /// [N, C, H, W] with the channels of a pixel side by side in memory.
  public func channelsLast() -> Tensor { unary("channelsLast") { ct_channels_last($0, $1) } }
}
