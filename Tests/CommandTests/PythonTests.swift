// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

/// A Python with torch, numpy and Pillow; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct PythonTests {
  private func reference(_ script: String) -> String {
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("../../Reference/\(script)").standardizedFileURL.path
  }

  @Test("numpy reads the same 16-bit labels as this program does")
  func wideLabels() throws {
    try withTemporaryFolder { folder in
      let (root, raw) = (folder.path("syn"), folder.path("samples"))
      try done([
        "data", "streets", "--domain", "city", "--layout", "synthia", "--count", "1", "--size", "64x32",
        "--output", root,
      ])
      let label = "\(root)/GT/LABELS/0000000.png"
      let outcome = try Command(
        [reference("read_png16.py"), "--png", label, "--output", raw], program: python
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let values = try ImageFile.readIndices(label).values
      #expect(try bytes(raw) == Data(values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }))
    }
  }

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
      let script = reference("open_adapted.py")
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
