// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// What libtorch said when an operation failed.
public struct TorchError: Error, CustomStringConvertible, Sendable {
  /// What kind of failure it was.
  public enum Kind: Sendable {
    /// No memory for the result.
    case outOfMemory
    /// libtorch refused: shapes, types or an unsupported case.
    case refused
    /// Another C++ error.
    case other
  }

  /// The kind of the failure.
  public let kind: Kind
  /// The operation that failed.
  public let operation: String
  /// libtorch's own words.
  public let message: String

  init(kind: Kind, operation: String, message: String) {
    (self.kind, self.operation, self.message) = (kind, operation, message)
  }

  /// Takes over a C error and frees it.
  init(taking error: OpaquePointer, operation: String) {
    self.operation = operation
    message = String(cString: ct_error_message(error))
    switch ct_error_get_kind(error) {
    case CT_OUT_OF_MEMORY: kind = .outOfMemory
    case CT_TORCH: kind = .refused
    // What fails in a module comes as its interpreter tells it.
    default: kind = message.contains("DefaultCPUAllocator: ") ? .outOfMemory : .other
    }
    ct_error_free(error)
  }

  public var description: String { "\(operation): \(message)" }
}
