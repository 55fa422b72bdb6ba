// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import FuzzTargets
import TestSupport
import Testing

/// The files of Fuzz/Corpus: seeds of `make fuzz`, and what it found before.
private enum Corpus {
  static func folder(_ target: FuzzTarget) -> URL {
    Fixtures.repository.appendingPathComponent("Fuzz/Corpus/\(target)")
  }

  static func names(_ target: FuzzTarget) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder(target).path)
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  /// Whether the reader gives a value for a file; its other way out is a `Problem`.
  static func isRead(_ name: String, by target: FuzzTarget) throws -> Bool {
    let bytes = try FileBytes.read(folder(target).appendingPathComponent(name).path)
    return try withTemporaryFolder { scratch in
      do { try target.read(bytes, in: scratch.url.path) } catch is Problem { return false }
      return true
    }
  }
}

@Suite("The fuzzing corpus")
struct CorpusTests {
  @Test(
    "each file gives a value or a Problem, and each reader gives both",
    arguments: FuzzTarget.allCases)
  func replay(target: FuzzTarget) throws {
    let names = Corpus.names(target)
    var read = 0
    for name in names {
      do { read += try Corpus.isRead(name, by: target) ? 1 : 0 } catch {
        Issue.record("\(target)/\(name): \(error)")
      }
    }
    #expect(read > 0, "no file of the corpus can be read")
    #expect(read < names.count, "every file of the corpus can be read")
  }
}
