// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Going on with a run otherwise than it began.
@Suite("Going on with a run") struct ResumeCommandTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private func expectResumed(_ job: String, _ arguments: [String]) throws {
    try withTemporaryFolder { folder in
      let place = sample.folder.url.path
      let name = "relative-\(UUID().uuidString)"
      let begun = try iapc([job, "--output", name, "--steps", "2"] + arguments, folder: place)
      #expect(begun.status == 0, "\(begun.errors)")
      let resumed = try iapc(
        [job, "--resume", "\(place)/\(name)", "--steps", "4"], folder: folder.folder("elsewhere"))
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(resumed.errors.contains("resumed after step 2"), "\(resumed.errors)")
      #expect(try jsonLines("\(place)/\(name)/metrics.jsonl").count == 4)
      #expect(listing(folder.path("elsewhere")) == [])
    }
  }

  @Test("from another folder finds its files relative to where it began")
  func otherFolder() throws {
    try expectResumed(
      "adapt",
      [
        "--weights", "source/last.safetensors", "--images", "scenes/images", "--batch", "2", "--crop",
        "32x24",
        "--set", "schedule.warm_up=0", "--set", "schedule.total_steps=100",
      ])
  }

  @Test("of train does so, too")
  func otherFolderOfTraining() throws {
    try expectResumed(
      "train",
      [
        "--images", "scenes/images", "--labels", "scenes/labels", "--label-space", "camvid11",
        "--validation-images", "scenes/images", "--validation-labels", "scenes/labels", "--size", "64x48",
        "--crop",
        "32x24", "--batch", "2", "--set", "schedule.total_steps=100",
      ])
  }

  @Test("to fewer steps than it has done is refused, and changes nothing")
  func fewerSteps() throws {
    let before = try bytes("\(sample.run)/adapted.safetensors")
    try expectError(
      ["adapt", "--resume", sample.run, "--steps", "2"],
      saying: "cannot resume the run (\(sample.run))", "3 steps", "--steps asks for 2")
    #expect(try bytes("\(sample.run)/adapted.safetensors") == before)
    #expect(try jsonLines("\(sample.run)/metrics.jsonl").count == 3)
  }
}
