// SPDX-License-Identifier: Apache-2.0

/// The buffers of a network as they stood at one moment: what a training pass moves without a gradient.
public struct BufferCopy {
  private let targets: [Tensor]
  private let values: [Tensor]

  /// Copies the buffers as they are now.
  public init(of store: ParameterStore) {
    targets = store.buffers.map(\.tensor)
    values = targets.map { .zeros($0.shape, dtype: $0.dtype, on: $0.device) }
    Tensor.copy(targets, into: values)
  }

  /// Gives the network its buffers of that moment back.
  public func restore() {
    Tensor.copy(values, into: targets)
  }
}
