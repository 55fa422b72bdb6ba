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
  /// The sets of weights among `others`, by the names that `CheckpointFile.read` takes.
  public var otherSets: [String]
  /// What was chosen or left out on the way to the tensors, in words.
  public var notes: [String] = []
  /// Where the tensors stand in the file; a checkpoint is written as its places say.
  public var places: CheckpointPlaces

  /// A checkpoint of these tensors, to be written.
  public init(
    tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String] = [:],
    format: CheckpointFormat = .safetensors, wrapper: String? = nil, others: [String] = [],
    otherSets: [String] = [], places: CheckpointPlaces = CheckpointPlaces()
  ) {
    self.tensors = tensors
    self.metadata = metadata
    self.format = format
    self.wrapper = wrapper
    self.others = others
    self.otherSets = otherSets
    self.places = places
  }

  /// The tensor of a name, or nil.
  public subscript(_ name: String) -> StoredTensor? {
    tensors.first { $0.name == name }?.tensor
  }
}

extension Checkpoint {
  /// Sixty times what the largest network here has with its optimiser; every one is looked at many times.
  private static let mostTensors = 1 << 16

  /// - Throws: `Problem` for more tensors than any checkpoint has.
  static func checkCount(_ count: Int, place: String) throws {
    guard count > mostTensors else { return }
    throw unreadable(
      place, "it holds \(count) tensors, expected at most \(mostTensors)", "save only the network's weights")
  }
}

/// Where tensors stand in a file that has more to it than one dictionary of their names.
public struct CheckpointPlaces: Equatable, Sendable {
  /// Keys of the dictionaries around all of the weights, outermost first: ["state_dict"].
  public var around: [String]
  /// The keys that lead to a tensor from there: ["classifier", "module.conv.weight"]. A tensor that is not
  /// listed stands under its own name.
  public var keys: [String: [String]]

  /// Places under these keys; by default each tensor under its name in the outermost dictionary.
  public init(around: [String] = [], keys: [String: [String]] = [:]) {
    self.around = around
    self.keys = keys
  }

  func path(of name: String) -> [String] { keys[name] ?? [name] }
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
