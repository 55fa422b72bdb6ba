// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("The seal of a checkpoint")
struct CheckpointSealTests {
  private let plain = Checkpoint(
    tensors: [
      ("a", StoredTensor(dtype: .uint8, shape: [2, 3], bytes: [1, 2, 3, 4, 5, 6])),
      ("b", StoredTensor(dtype: .float32, shape: [1], bytes: [0, 0, 128, 63])),
    ], metadata: ["step": "4"])

  @Test("is intact after a file, whatever the order of the tensors, and absent where none was made")
  func intact() throws {
    #expect(plain.seal == .none)
    try withTemporaryFolder { folder in
      for name in ["c.safetensors", "c.pth"] {
        try CheckpointFile.write(plain.sealed(), to: folder.path(name))
        #expect(try CheckpointFile.read(folder.path(name)).seal == .intact)
      }
    }
    var turned = plain.sealed()
    turned.tensors.reverse()
    #expect(turned.seal == .intact)
  }

  @Test("breaks with a byte, a type, a shape, a name, a text, and a tensor more or fewer")
  func broken() {
    func seal(_ change: (inout Checkpoint) -> Void) -> CheckpointSeal {
      var changed = plain.sealed()
      change(&changed)
      return changed.seal
    }
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    func first(_ dtype: DType, _ shape: [Int], _ bytes: [UInt8]) -> CheckpointSeal {
      seal { $0.tensors[0].tensor = StoredTensor(dtype: dtype, shape: shape, bytes: bytes) }
    }
    #expect(first(.uint8, [2, 3], bytes) == .intact)
    #expect(first(.uint8, [2, 3], [1, 2, 3, 4, 5, 7]) == .broken)
    #expect(first(.uint8, [3, 2], bytes) == .broken)
    #expect(first(.bool, [2, 3], bytes) == .broken)
    #expect(seal { $0.tensors[0].name = "aa" } == .broken)
    #expect(seal { $0.metadata["step"] = "5" } == .broken)
    #expect(seal { $0.metadata["more"] = "" } == .broken)
    #expect(seal { $0.tensors.removeLast() } == .broken)
    #expect(seal { $0.tensors.append(("c", $0.tensors[1].tensor)) } == .broken)
  }
}
