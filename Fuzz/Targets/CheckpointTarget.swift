// SPDX-License-Identifier: Apache-2.0

import Torch

/// Reads a checkpoint of any format. Its tensors must come from the file's bytes, not from its promises.
func readCheckpoint(at path: String, size: Int) throws {
  let checkpoint = try CheckpointFile.read(path)
  // Tensors that share a storage share memory, which counts once.
  var buffers: [UnsafeRawPointer: Int] = [:]
  for (_, tensor) in checkpoint.tensors {
    tensor.bytes.withUnsafeBytes { if let start = $0.baseAddress { buffers[start] = $0.count } }
  }
  let total = buffers.values.reduce(0, +)
  try expect(total <= 5 * size + (1 << 24), "\(total) bytes of tensors from a file of \(size)")
  let names = Set(checkpoint.tensors.map(\.name))
  try expect(names.count == checkpoint.tensors.count, "two tensors of one name")
}
