// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing

@Suite("What a run tells TensorBoard")
struct RunBoardTests {
  private let scratch: ScratchFolder
  private let folder: RunFolder

  init() throws {
    scratch = try ScratchFolder()
    folder = RunFolder(scratch.path("run"))
    try folder.prepare(overwrite: false) { try AtomicFile.write("schedule.steps: 9\n", to: folder.config) }
  }

  private func record(_ step: Int, _ total: Double) -> StepRecord {
    StepRecord(
      step: step, report: StepReport(total: total, terms: [("ia", total / 2)]), learningRate: 0.5, seconds: 0)
  }

  private func selection(_ steps: [Int]) throws {
    let lines = steps.map { "{\"step\": \($0), \"im\": \($0)}\n" }
    try AtomicFile.write(lines.joined(), to: folder.selection)
  }

  private func found() throws -> EventFiles { try EventFiles(folder.tensorboard) }

  @Test("are its config and each step's numbers, without those that are none")
  func numbers() throws {
    let board = RunBoard(folder)
    try board.open(after: 0)
    try board.add(record(1, 4))
    try board.add(record(2, .nan))
    #expect(try found().numbers["total"] == [1: 4])
    #expect(try found().numbers["ia"] == [1: 2])
    #expect(try found().numbers["learning_rate"] == [1: 0.5, 2: 0.5])
    #expect(try found().texts["config"] == [0: "    schedule.steps: 9\n"])
  }

  @Test("are the label-free criteria too, once each, as soon as something logs them")
  func criteria() throws {
    let board = RunBoard(folder)
    try board.open(after: 0)
    for step in 1...6 {
      try board.add(record(step, 1))
      if step % 2 == 0 { try selection(Array(stride(from: 2, through: step, by: 2))) }
    }
    #expect(try found().numbers["selection/im"] == [2: 2, 4: 4])
    try board.addOthers(upTo: 6)
    #expect(try found().numbers["selection/im"] == [2: 2, 4: 4, 6: 6])
    #expect(try found().repeated == [])
  }

  @Test("is each value once where a run goes on from any step, whatever a kill left in the logs")
  func resumed() throws {
    let first = RunBoard(folder)
    try first.open(after: 0)
    try AtomicFile.write((1...5).map { "{\"step\": \($0), \"total\": 1}\n" }.joined(), to: folder.metrics)
    try selection([2, 4])
    for step in 1...5 { try first.add(record(step, 1)) }
    let second = RunBoard(folder)
    try second.open(after: 2)
    // The step that was lost with the others is computed anew.
    try selection([2])
    for step in 3...6 {
      try second.add(record(step, 2))
      if step == 4 { try selection([2, 4]) }
    }
    #expect(try found().numbers["total"] == [1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 2])
    #expect(try found().numbers["selection/im"] == [2: 2, 4: 4])
    #expect(try found().repeated == [])
  }
}
