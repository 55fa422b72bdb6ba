// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Damaged checkpoints")
struct CheckpointFuzzTests {
  /// Damaged files a fixture; IAPC_FUZZ_ROUNDS asks for more than the default, which keeps the suite short.
  private static let rounds =
    ProcessInfo.processInfo.environment["IAPC_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 200

  @Test("random damage gives a checkpoint or a Problem", arguments: CheckpointFixtures.all)
  func damage(name: String) throws {
    let whole = try CheckpointFixtures.bytes(name)
    let scratch = try ScratchFolder()
    var random = SeededGenerator(seed: 1, purpose: name)
    for round in 0..<Self.rounds {
      var bytes = whole
      for _ in 0...random.below(4) {
        let at = random.below(bytes.count)
        bytes[at] = random.chance(0.5) ? bytes[at] ^ (1 << UInt8(random.below(8))) : UInt8(random.below(256))
      }
      if random.chance(0.2) { bytes.removeLast(random.below(bytes.count)) }
      // A new file each time: file systems flush one that is written over.
      let path = try scratch.file("damaged\(round)", bytes)
      defer { try? FileManager.default.removeItem(atPath: path) }
      do {
        let checkpoint = try CheckpointFile.read(path)
        let total = checkpoint.tensors.reduce(0) { $0 + $1.tensor.bytes.count }
        #expect(total <= 64 << 20)
      } catch let problem as Problem {
        #expect(problem.place == path)
      }
    }
  }
}
