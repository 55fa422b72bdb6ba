// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Synchronization

extension ImageList {
  /// Decodes every image once, so that a damaged one is found before long work begins.
  ///
  /// - Parameter shouldStop: asked before each image; what is left is then not looked at.
  /// - Throws: the `Problem` of the first image, in the list's order, that cannot be read, with how many more
  ///   there are.
  public func checkImages(shouldStop: () -> Bool = { false }) throws {
    let found = Mutex<[Int: Problem]>([:])
    try checkEach(count, shouldStop: shouldStop) { index in
      do { _ = try entries[index].read() } catch let problem as Problem {
        found.withLock { $0[index] = problem }
      }
    }
    let problems = found.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    guard let first = problems.first else { return }
    guard problems.count > 1 else { throw first }
    throw Problem(
      first.what, at: first.place,
      because: "\(first.why); \(problems.count) of \(count) images cannot be read: "
        + firstThree(problems.map(\.place)),
      remedy: "copy them again or remove them")
  }
}

extension LabelledImages {
  /// Reads every pair once, so that a damaged or ill-fitting one is found before long work begins.
  ///
  /// - Parameter shouldStop: asked before each pair; what is left is then not looked at.
  /// - Throws: the `Problem` of the first pair that cannot be read.
  public func checkPairs(shouldStop: () -> Bool = { false }) throws {
    try checkEach(count, shouldStop: shouldStop) { _ = try read($0) }
  }
}

/// Calls `body` with 0 ..< count on all cores, some at a time; throws the error of the lowest number that
/// failed.
///
/// - `after`: called between, with the count so far; what it throws ends the work.
func checkEach(
  _ count: Int, shouldStop: () -> Bool = { false }, after: (Int) throws -> Void = { _ in },
  _ body: @Sendable (Int) throws -> Void
) throws {
  let batch = 8 * ProcessInfo.processInfo.activeProcessorCount
  let failed = Mutex<(index: Int, error: (any Error)?)>((.max, nil))
  for start in stride(from: 0, to: count, by: batch) where !shouldStop() {
    let length = min(batch, count - start)
    DispatchQueue.concurrentPerform(iterations: length) { offset in
      do { try body(start + offset) } catch {
        failed.withLock { if start + offset < $0.index { $0 = (start + offset, error) } }
      }
    }
    if let error = failed.withLock({ $0.error }) { throw error }
    try after(start + length)
  }
}
