// SPDX-License-Identifier: Apache-2.0

/// Named tensors as a checkpoint file holds them.
public struct Checkpoint: Sendable {
  /// Unique names, in file order.
  public var tensors: [(name: String, tensor: StoredTensor)]
  /// Texts beside the tensors: `__metadata__` of safetensors, numbers and texts of a pickle (`epoch`).
  public var metadata: [String: String]
  /// The format it was read from.
  public var format: CheckpointFormat
  /// What was taken off to get at the weights, outermost first: "state_dict", "prefix module.".
  public var wrapper: String?
  /// Entries of the file that are not among `tensors`: "optimizer", "epoch", another set of weights.
  public var others: [String]

  public init(
    tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String] = [:],
    format: CheckpointFormat = .safetensors, wrapper: String? = nil, others: [String] = []
  ) {
    self.tensors = tensors
    self.metadata = metadata
    self.format = format
    self.wrapper = wrapper
    self.others = others
  }

  /// The tensor of a name, or nil.
  public subscript(_ name: String) -> StoredTensor? {
    tensors.first { $0.name == name }?.tensor
  }
}

/// How a checkpoint lies in its file.
public enum CheckpointFormat: String, Sendable, CaseIterable {
  /// PyTorch 1.6 and later: a zip archive of a pickle and raw storages.
  case zip
  /// PyTorch before 1.6: pickles and raw storages one after another.
  case legacyPickle
  /// A JSON header and raw tensors, without any code.
  case safetensors
}
