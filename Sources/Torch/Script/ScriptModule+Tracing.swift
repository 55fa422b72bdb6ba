// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension ScriptModule {
  /// Makes a module of what `body` computes, by PyTorch's own operators and without gradients.
  ///
  /// What the body takes from the sizes of its images stays as it is for these images, but for `resizedBilinear(like:)`
  /// and `unflattened(_:like:)`, which ask anew for each image.
  ///
  /// - Parameters:
  ///   - tensors: the module's parameters and buffers, by names whose points lie between inner modules; they are
  ///     shared with the module.
  ///   - images: what the body is recorded with, [N, 3, H, W].
  ///   - body: images -> what the module gives of them, of one thread and without a result that depends on values.
  /// - Throws: `TorchError` where libtorch cannot record it.
  public convenience init(
    tracing tensors: [(name: String, tensor: Tensor, kind: ParameterStore.Kind)], on images: Tensor,
    _ body: @escaping (Tensor) -> Tensor
  ) throws(TorchError) {
    let names = NameList(tensors.map(\.name))
    let recording = Recording(body)
    var made: OpaquePointer?
    let error = withoutGradients {
      withLayers(.composed) {
        withExtendedLifetime((tensors, names, recording)) {
          let parts = zip(names.pointers, tensors).map { name, entry in
            ct_script_part(
              name: name, tensor: entry.tensor.handle.lend { $0 }, is_parameter: entry.kind == .parameter)
          }
          return images.handle.lend {
            ct_script_trace(&made, parts, parts.count, $0, Recording.call, recording.context)
          }
        }
      }
    }
    try check("trace") { error }
    guard let made else { fatalError("a module was made without a handle") }
    self.init(owning: made)
  }

  /// The operators of a module that was traced.
  ///
  /// - Throws: `TorchError` where the module is of another kind: with calls, branches or loops.
  public func graph() throws(TorchError) -> ScriptGraph {
    var text: UnsafePointer<CChar>?
    try check("graph") { ct_script_graph(&text, raw) }
    guard let text else { fatalError("a graph has no text") }
    return ScriptGraph(json: String(cString: text))
  }
}

/// What C calls while it records, and the result for as long as it does.
private final class Recording {
  private let body: (Tensor) -> Tensor
  private var result: Tensor?

  init(_ body: @escaping (Tensor) -> Tensor) { self.body = body }

  /// The recording as C takes it; good while it lives.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static let call: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> OpaquePointer? = {
    context, images in
    guard let context, let images else { return nil }
    let recording = Unmanaged<Recording>.fromOpaque(context).takeUnretainedValue()
    let result = recording.body(Tensor(owning: images))
    recording.result = result
    return result.handle.lend { $0 }
  }
}

/// Names as C has them, while it lives.
private final class NameList {
  let pointers: [UnsafePointer<CChar>?]

  init(_ names: [String]) {
    pointers = names.map { name in
      let bytes = Array(name.utf8CString)
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      copy.initialize(from: bytes, count: bytes.count)
      return UnsafePointer(copy)
    }
  }

  deinit {
    for pointer in pointers { pointer?.deallocate() }
  }
}
