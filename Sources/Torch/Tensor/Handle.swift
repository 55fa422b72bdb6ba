// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Owns one C tensor and frees it when the last `Tensor` that shares it goes.
final class Handle {
  private let raw: OpaquePointer

  init(owning raw: OpaquePointer) {
    self.raw = raw
  }

  deinit {
    ct_tensor_free(raw)
  }

  /// Lends the C pointer; the handle outlives the call, which it would not if the pointer were handed out.
  @inline(__always)
  func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(raw) }
  }
}

/// Handles of the C layer that are alive: equal before and after a piece of work that leaks nothing.
public var liveHandleCount: Int { Int(ct_live_handles()) }
