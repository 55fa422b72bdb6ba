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
    switch ct_error_get_kind(error) {
    case CT_OUT_OF_MEMORY: kind = .outOfMemory
    case CT_TORCH: kind = .refused
    default: kind = .other
    }
    self.operation = operation
    message = String(cString: ct_error_message(error))
    ct_error_free(error)
  }

  public var description: String {
    let advice = kind == .outOfMemory ? "; use a smaller --crop, --size or --batch" : ""
    return "\(operation): \(message)\(advice)"
  }
}
