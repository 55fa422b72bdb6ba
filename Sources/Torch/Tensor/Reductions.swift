// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Tensor {
  /// The sum over `axes`; over all of them where none is named.
  public func sum(_ axes: Int..., keepingAxes keep: Bool = false) -> Tensor {
    unary("sum") { out, x in axes.lend64 { ct_sum(out, x, $0, $1, keep) } }
  }

  /// The mean over `axes`; over all of them where none is named.
  public func mean(_ axes: Int..., keepingAxes keep: Bool = false) -> Tensor {
    unary("mean") { out, x in axes.lend64 { ct_mean(out, x, $0, $1, keep) } }
  }

  /// The Euclidean norm over `axes`; over all of them where none is named.
  public func norm(_ axes: Int..., keepingAxes keep: Bool = false) -> Tensor {
    unary("norm") { out, x in axes.lend64 { ct_norm(out, x, $0, $1, keep) } }
  }

  /// The index of the largest element along `axis`, the first of equals; int64 without that axis.
  public func argmax(_ axis: Int) -> Tensor { unary("argmax") { ct_argmax($0, $1, Int64(axis)) } }

  /// The `count` largest elements along `axis`, largest first, and where they stand.
  public func largest(_ count: Int, along axis: Int) -> (values: Tensor, indices: Tensor) {
    var indices: OpaquePointer?
    let values = unary("topk") { ct_topk($0, &indices, $1, Int64(count), Int64(axis)) }
    guard let indices else { fatalError("topk gave no indices") }
    return (values, Tensor(owning: indices))
  }

  /// How often each of 0 ..< bins occurs among the integers. Shapes: any -> [bins], int64.
  public func histogram(bins: Int) -> Tensor { unary("bincount") { ct_bincount($0, $1, Int64(bins)) } }
}
