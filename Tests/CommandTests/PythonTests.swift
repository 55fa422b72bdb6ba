// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python with torch, numpy and Pillow; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct PythonTests {
  @Test("Adapted weights open in PyTorch, strictly and as weights only, and label as iapc predict does")
  func labelsAgree() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let output = folder.path("labelled")
      try done(
        [
          "predict", "--weights", "\(sample.run)/adapted.pth", "--network", "espnet", "--images",
          sample.images,
        ]
          + ["--output", output])
      let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("../../Reference/open_adapted.py").standardizedFileURL.path
      let outcome = try Command(
        [
          script, "--weights", "\(sample.run)/adapted.pth", "--images", sample.images, "--maps",
          "\(output)/labels",
        ],
        program: python
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let share = try #require(outcome.output.split(separator: " ").last.flatMap { Double($0.dropLast()) })
      #expect(share >= 0.9999, "\(outcome.output)")
    }
  }
}
