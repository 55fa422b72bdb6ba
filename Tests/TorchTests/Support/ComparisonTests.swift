// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

@Suite("The tests' own helpers")
struct ComparisonTests {
  /// Runs `body`, which has to record one issue, and gives its text.
  private func issue(_ body: () -> Void) -> String {
    let seen = Seen()
    withKnownIssue {
      body()
    } matching: { issue in
      seen.texts.withLock { $0 += issue.comments.map(\.rawValue) }
      return true
    }
    return seen.texts.withLock { $0.joined(separator: "|") }
  }

  private final class Seen: Sendable { let texts = Mutex<[String]>([]) }

  @Test("a wrong shape, type and value are each told")
  func differences() {
    let x = floats([1, 2, 3, 4], 2, 2)
    assertClose(x, floats([1, 2, 3, 4], 2, 2), relative: 0, absolute: 0)
    #expect(issue { assertClose(x, floats([1, 2, 3, 4], 4)) } == "the shape is [2, 2], expected [4]")
    #expect(issue { assertClose(x, x.to(.float64)) } == "the type is float32, expected float64")
    #expect(issue { assertClose(x, [1, 2, 3]) } == "there are 4 values, expected 3")
    #expect(issue { assertClose(x, [1, 2, 3, 4], shape: [4]) } == "the shape is [2, 2], expected [4]")
    let told = issue { assertClose(x, [1, 2.5, 5, 4], "case") }
    #expect(told == "case: 2 of 4 values differ, the worst at [1, 0]: 3.0, expected 5.0")
  }

  @Test("tolerances are relative to the expected value, and nothing else passes")
  func tolerances() {
    assertClose(floats([100.5], 1), [100], relative: 0.01, absolute: 0)
    assertClose(floats([0.005], 1), [0], relative: 0, absolute: 0.01)
    #expect(!issue { assertClose(floats([102], 1), [100], relative: 0.01, absolute: 0) }.isEmpty)
    #expect(!issue { assertClose(floats([.nan], 1), [0]) }.isEmpty)
    #expect(!issue { assertClose(floats([0], 1), [.nan]) }.isEmpty)
    #expect(!issue { assertClose(floats([.infinity], 1), [3]) }.isEmpty)
    assertClose(floats([.nan, .infinity, -.infinity], 3), [.nan, .infinity, -.infinity])
    #expect(!issue { assertClose(floats([.infinity], 1), [-.infinity]) }.isEmpty)
  }

  @Test("a wrong gradient is told by finite differences")
  func wrongGradient() {
    let point = floats([0.5, -1.5], 2)
    finiteDifferences(of: { $0 * $0 * $0 }, at: point)
    #expect(
      issue { finiteDifferences(of: { $0 * $0.detached() }, at: point) }.contains("2 of 2 values differ"))
    let constant = issue { finiteDifferences(of: { $0.detached() }, at: point) }
    #expect(constant == "the function does not depend on its input")
  }

  @Test("a handle left over is told")
  func leak() async {
    await #expect(processExitsWith: .success) {
      leakChecked { _ = Tensor.ones([2]) * 2 }
      var kept: [Tensor] = []
      withKnownIssue { leakChecked { kept.append(.ones([2])) } }
      #expect(kept.count == 1)
    }
  }

  @Test("a temporary folder holds files and is gone afterwards")
  func folder() throws {
    let path = try withTemporaryFolder { folder in
      let path = try folder.file("a", [1, 2])
      #expect(FileManager.default.contents(atPath: path) == Data([1, 2]))
      return folder.url.path
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
