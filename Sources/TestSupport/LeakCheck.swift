// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

/// Runs `body` and records an issue where it leaves handles of the C layer behind.
///
/// The count is the whole process's, and tests run side by side: use it in the body of an exit test
/// (`#expect(processExitsWith: .success)`), which has a process of its own.
public func leakChecked(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) rethrows {
  let before = liveHandleCount
  try body()
  let left = liveHandleCount - before
  if left != 0 {
    Issue.record("\(left) handles of the C layer are left over", sourceLocation: sourceLocation)
  }
}
