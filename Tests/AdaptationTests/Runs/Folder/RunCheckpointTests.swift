// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Checkpoints of a run")
struct RunCheckpointTests {
  private typealias State = [(name: String, tensor: StoredTensor)]

  private let folder: ScratchFolder
  private let run: RunFolder

  init() throws {
    folder = try ScratchFolder()
    run = RunFolder(folder.url.path)
    try run.prepare(overwrite: false)
  }

  private func state(_ value: Float) -> State {
    [
      ("student.weight", Tensor([value, 1, 2, 3], shape: [2, 2]).stored),
      ("classWeights.often", Tensor([value], shape: [1]).stored),
    ]
  }

  private func progress(_ step: Int) -> RunProgress {
    var progress = RunProgress()
    for i in 0..<step { progress.count(isApplied: i != 0) }
    return progress
  }

  private func path(_ step: Int) -> String { "\(run.checkpoints)/step-00000\(step).safetensors" }

  @Test("hold the state, the step and how many were skipped, and only the newest are kept")
  func kept() throws {
    #expect(try run.newest() == nil)
    for step in 1...3 { try run.save(state(Float(step)), after: progress(step), keep: 2) }
    #expect(contents(run.checkpoints) == ["step-000002.safetensors", "step-000003.safetensors"])
    let found = try #require(try run.newest())
    #expect(found.progress == progress(3) && found.progress.skipped == 1 && found.notes.isEmpty)
    for (name, tensor) in state(3) { #expect(found.state.first { $0.name == name }?.tensor == tensor) }
  }

  @Test("in which any bit has changed are passed over, and a line names the file and says why")
  func flipped() throws {
    for step in 1...2 { try run.save(state(Float(step)), after: progress(step), keep: 2) }
    let whole = try bytes(path(2))
    for position in whole.indices {
      var changed = whole
      changed[position] ^= 1 << UInt8(position % 8)
      try Data(changed).write(to: URL(fileURLWithPath: path(2)))
      let found = try #require(try run.newest())
      #expect(found.progress.step == 1 && found.notes.count == 1, "byte \(position)")
      #expect(found.notes.first?.contains("\(path(2)): ") == true)
    }
    var tail = whole
    tail[tail.count - 1] ^= 1
    try Data(tail).write(to: URL(fileURLWithPath: path(2)))
    #expect(try run.newest()?.notes.first?.contains("SHA-256") == true)
    try FileManager.default.removeItem(atPath: path(1))
    #expect(problem { _ = try run.newest() }?.place == path(2))
  }

  @Test("under the name of another step are passed over")
  func renamed() throws {
    for step in 1...2 { try run.save(state(Float(step)), after: progress(step), keep: 2) }
    try FileManager.default.moveItem(atPath: path(2), toPath: path(7))
    let found = try #require(try run.newest())
    #expect(found.progress.step == 1 && found.notes.first?.contains("it is of step 2") == true)
  }

  @Test("from before they were sealed are taken, with a line that says so")
  func old() throws {
    try CheckpointFile.write(Checkpoint(tensors: state(4), metadata: ["iapc.step": "4"]), to: path(4))
    let found = try #require(try run.newest())
    #expect(found.progress.step == 4 && found.notes.count == 1)
    #expect(found.notes.first?.contains("\(path(4)) carries no SHA-256") == true)
  }
}
