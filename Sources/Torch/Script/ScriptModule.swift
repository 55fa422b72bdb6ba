// SPDX-License-Identifier: Apache-2.0

import Files
internal import TorchABI

/// A TorchScript module: a program with its weights, as `torch.jit.save` writes it.
///
/// Normalisation by batches and dropout follow the mode of a pass, whatever the program has fixed: a module that was
/// traced in evaluation mode trains as one that was not. What is saved is the module as it came, with its tensors as
/// they are now.
public final class ScriptModule {
  /// What a pass over images gives: scores [N, C, h, w], and features [N, D, h', w'] where there are some.
  public typealias Output = (scores: Tensor, features: Tensor?)

  /// A parameter or buffer.
  public struct Entry {
    /// Its name in the module: "backbone.layer1.0.conv1.weight".
    public let name: String
    /// What it is to training.
    public let kind: ParameterStore.Kind
    /// Whether it scales or shifts a normalisation.
    public let isNormalisation: Bool
    /// Whether it is of a weighted layer that the scores come from; false before `study`.
    public let isHead: Bool
    /// Shared with the module.
    public let tensor: Tensor
  }

  let raw: OpaquePointer

  init(owning raw: OpaquePointer) { self.raw = raw }

  deinit { ct_script_free(raw) }

  /// Loads a module; its floating tensors become float32.
  ///
  /// - Throws: `TorchError` where the file is no module, has no parameters, or its `forward` cannot be run.
  public convenience init(_ path: String, device: Device) throws(TorchError) {
    var made: OpaquePointer?
    let place = device.raw
    try check("load") { ct_script_load(&made, path, place.kind, place.index) }
    guard let made else { fatalError("a module was loaded without a handle") }
    self.init(owning: made)
  }

  /// The same program with a copy of all tensors.
  public func copy() -> ScriptModule {
    var made: OpaquePointer?
    must("copy") { ct_script_copy(&made, raw) }
    guard let made else { fatalError("a module was copied without a handle") }
    return ScriptModule(owning: made)
  }

  /// Every parameter, then every buffer. A tensor of several names has the first of them.
  public var entries: [Entry] {
    var count = 0
    must("count") { ct_script_count(&count, raw) }
    return (0..<count).map { index in
      var entry = ct_script_entry()
      let tensor = must("tensor") { ct_script_tensor($0, &entry, raw, index) }
      return Entry(
        name: String(cString: entry.name), kind: entry.is_parameter ? .parameter : .buffer,
        isNormalisation: entry.is_normalisation, isHead: entry.is_head, tensor: tensor)
    }
  }

  /// Whether a layer normalises by the statistics of batches.
  public var hasBatchStatistics: Bool {
    var value = false
    must("hasStatistics") { ct_script_has_statistics(&value, raw) }
    return value
  }

  // MARK: What it gives

  /// Takes the features from the output of an inner module: "backbone.layer4".
  ///
  /// - Throws: `TorchError` where the program calls no such module.
  public func takeFeatures(from module: String) throws(TorchError) {
    try check("features") { ct_script_name_features(raw, module) }
  }

  /// Finds the head by a pass that records gradients. Where the module gives scores alone and no features were named,
  /// they become the head's input from now on.
  ///
  /// - Returns: the weight of the layer whose input they are; nil where the module gives them or they were named.
  /// - Throws: `TorchError` where the pass fails or the head has no such layer.
  public func study(_ images: Tensor) throws(TorchError) -> String? {
    var name: UnsafePointer<CChar>?
    try check("forward") { images.handle.lend { ct_script_study(&name, raw, $0) } }
    return name.map { String(cString: $0) }
  }

  /// The inner modules that give maps, with their shapes: "backbone.layer4 [2, 512, 5, 6]".
  public func maps(of images: Tensor) throws(TorchError) -> [String] {
    var text: UnsafePointer<CChar>?
    try check("forward") { images.handle.lend { ct_script_maps(&text, raw, $0) } }
    return text.map { String(cString: $0).split(separator: "\n").map(String.init) } ?? []
  }

  /// What the module makes of images [N, 3, H, W]; of bfloat16 ones in bfloat16, where that loses little.
  ///
  /// Dropout draws what the images and the head's weights decide, so that the same pass draws the same.
  /// - Throws: `TorchError` where the program refuses the images.
  public func forward(_ images: Tensor, _ mode: Mode) throws(TorchError) -> Output {
    let isHalf = images.dtype == .bfloat16
    let input = isHalf ? images.to(.float32) : images
    let pass = ct_script_pass(mode, half: isHalf)
    var scores: OpaquePointer?
    var features: OpaquePointer?
    try check("forward") { input.handle.lend { ct_script_forward(&scores, &features, raw, $0, pass) } }
    guard let scores else { fatalError("a module gave no scores") }
    return (Tensor(owning: scores), features.map { Tensor(owning: $0) })
  }

  // MARK: The file

  /// A text that was saved with the module, as Python's `_extra_files` reads and writes them.
  public func text(_ name: String) -> String? {
    var found: UnsafePointer<CChar>?
    must("text") { ct_script_text(&found, raw, name) }
    return found.map { String(cString: $0) }
  }

  /// Writes the module with its texts and this one; the file is there whole, or as it was.
  ///
  /// - Throws: `Problem` where the file cannot be written.
  public func save(to path: String, text: String, under name: String) throws {
    let size = entries.reduce(0) { $0 + $1.tensor.elementCount * $1.tensor.dtype.byteWidth }
    try AtomicFile.write(to: path, expecting: size) { file in
      try withUnsafeMutablePointer(to: &file) { file in
        // The sink does not outlive this closure.
        let sink = ArchiveSink { try file.pointee.append($0) }
        try sink.check(ct_script_save(raw, name, text, ArchiveSink.call, sink.context))
      }
    }
  }
}

extension ct_script_pass {
  fileprivate init(_ mode: Mode, half: Bool) {
    let share = if case .estimating(let share) = mode { share } else { -1.0 }
    self.init(
      of_batch: mode != .evaluation, moves: mode == .training || share >= 0, share: share,
      trains: mode == .training, half: half)
  }
}
