// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Checkpoints that nobody asked for.
@Suite struct CheckpointTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private func train(to run: String, _ steps: Int) -> [String] {
    [
      "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11", "--size",
      "64x48", "--crop", "32x24", "--batch", "2", "--steps", "\(steps)", "--output", run,
    ]
  }

  @Test("A run with the defaults that is killed goes on from before its end", arguments: ["adapt", "train"])
  func killed(job: String) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let command = try Command(
        job == "adapt" ? sample.adapt(to: run, "--steps", "200") : train(to: run, 400))
      while command.isRunning, (listing("\(run)/checkpoints") ?? []).allSatisfy({ $0.hasSuffix(".partial") })
      {
        usleep(1000)
      }
      command.send(SIGKILL)
      let killed = try command.outcome()
      #expect(!killed.exited, "it ended before its first checkpoint")
      let every = job == "adapt" ? 50 : 100
      #expect(killed.errors.contains("a checkpoint every \(every) steps, about "), "\(killed.errors)")
      #expect(try setting("checkpoint.every", of: run) == "auto")
      let resumed = try done([job, "--resume", run])
      let step =
        resumed.errors.firstMatch(of: /resumed after step ([0-9]+)/).flatMap { Int($0.output.1) } ?? 0
      #expect(step >= every && step % every == 0, "\(resumed.errors)")
    }
  }

  @Test("The result does not depend on when the state was saved")
  func sameResult() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      try done(sample.adapt(to: run, "--steps", "3", "--set", "checkpoint.every=1000"))
      #expect(listing("\(run)/checkpoints") == ["step-000003.safetensors"])
      #expect(try bytes("\(run)/adapted.safetensors") == bytes("\(sample.run)/adapted.safetensors"))
    }
  }
}
