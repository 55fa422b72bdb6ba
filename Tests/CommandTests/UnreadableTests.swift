// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Images that go while a run reads them.
@Suite struct UnreadableTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// A run of 30 steps whose fourth image is removed after its first step.
  private func run(in folder: ScratchFolder, _ more: String...) throws -> (outcome: Outcome, lost: String) {
    let images = folder.path("images")
    try FileManager.default.copyItem(atPath: sample.images, toPath: images)
    let (run, lost) = (folder.path("run"), "\(images)/noon_00003.png")
    let command = try Command(
      [
        "adapt", "--weights", sample.weights, "--images", images, "--output", run, "--batch", "2", "--crop",
        "32x24", "--steps", "30",
      ] + more)
    while command.isRunning, (try? jsonLines("\(run)/metrics.jsonl").count) ?? 0 < 1 { usleep(2000) }
    command.send(SIGSTOP)
    try FileManager.default.removeItem(atPath: lost)
    command.send(SIGCONT)
    return (try command.outcome(), lost)
  }

  @Test("adapt goes on without an image that vanishes, and says so once")
  func vanished() throws {
    try withTemporaryFolder { folder in
      let (outcome, lost) = try run(in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.components(separatedBy: lost).count == 2, "\(outcome.errors)")
      #expect(outcome.errors.contains("in the place of an unreadable one"))
      #expect(try jsonLines("\(folder.path("run"))/metrics.jsonl").count == 30)
    }
  }

  @Test("adapt ends at the first where data.max_unreadable is 0, and goes on once the image is back")
  func strict() throws {
    try withTemporaryFolder { folder in
      let (outcome, lost) = try run(in: folder, "--set", "data.max_unreadable=0")
      #expect(outcome.status == 1 && outcome.errorLines.last?.hasPrefix("error: ") == true)
      let line = outcome.errorLines.last ?? ""
      #expect(line.contains(lost) && line.contains("data.max_unreadable allows 0"), "\(outcome.errors)")
      #expect(!exists(folder.path("run/adapted.pth")))
      try FileManager.default.copyItem(atPath: "\(sample.images)/noon_00003.png", toPath: lost)
      try done(["adapt", "--resume", folder.path("run"), "--set", "data.max_unreadable=3"])
      #expect(exists(folder.path("run/adapted.pth")))
    }
  }
}
