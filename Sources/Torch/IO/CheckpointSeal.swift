// SPDX-License-Identifier: Apache-2.0

import Files

/// What the hash that a checkpoint carries says of it.
public enum CheckpointSeal: Sendable {
  /// It carries none.
  case none
  /// Its content is what it was when it was written.
  case intact
  /// A bit of it is another than when it was written.
  case broken
}

extension Checkpoint {
  private static let sealKey = "iapc.sha256"

  /// The checkpoint with the hash of its content in its metadata.
  public func sealed() -> Checkpoint {
    var sealed = self
    sealed.metadata[Checkpoint.sealKey] = contentHash
    return sealed
  }

  /// Whether the content is what was sealed.
  public var seal: CheckpointSeal {
    guard let carried = metadata[Checkpoint.sealKey] else { return .none }
    return carried == contentHash ? .intact : .broken
  }

  /// The SHA-256 over the metadata and over every tensor's name, type, shape and bytes, in the order of their
  /// names.
  public var contentHash: String {
    var hash = FileHash.Stream()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != Checkpoint.sealKey {
      for text in [key, value] { hash.update(text) }
    }
    for (name, tensor) in tensors.sorted(by: { $0.name < $1.name }) {
      for text in [name, "\(tensor.dtype)", "\(tensor.shape)"] { hash.update(text) }
      tensor.bytes.withUnsafeBytes { hash.update($0) }
    }
    return hash.finish()
  }
}
