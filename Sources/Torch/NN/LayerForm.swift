// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// How layers and losses that can be computed together are computed.
public enum LayerForm: Sendable {
  /// Together, over channels-last maps, where the kernels for it take them: less memory and fewer passes.
  case fused
  /// By libtorch's operators one by one in PyTorch's layout: rounds as PyTorch does, for comparisons with it.
  case composed

  /// The form of this thread.
  public static var current: LayerForm { ct_composes_layers() ? .composed : .fused }
}

/// Runs `body` with layers in one form. It belongs to the thread, so `body` is synchronous.
public func withLayers<Result>(_ form: LayerForm, _ body: () throws -> Result) rethrows -> Result {
  let before = ct_composes_layers()
  ct_set_composes_layers(form == .composed)
  defer { ct_set_composes_layers(before) }
  return try body()
}

extension Tensor {
  /// The same elements in the layout that layers compute in. Shapes: [N, C, H, W].
  public func inLayerLayout() -> Tensor { LayerForm.current == .composed ? self : channelsLast() }
}
