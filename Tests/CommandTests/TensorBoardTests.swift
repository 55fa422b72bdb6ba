// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python that has TensorBoard; without it these are skipped.
private let python: String? = {
  guard let program = ProcessInfo.processInfo.environment["IAPC_PYTHON"], !program.isEmpty,
    (try? Command(["-c", "import tensorboard"], program: program).outcome().status) == 0
  else { return nil }
  return program
}()

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with tensorboard"))
struct TensorBoardTests {
  /// What TensorBoard's own reader finds in a run.
  private struct Board: Decodable {
    let scalars: [String: [[Double]]]
    let images: [String: [[Int]]]

    init(_ run: String) throws {
      let script = Fixtures.repository.appendingPathComponent("Reference/read_tensorboard.py").path
      let outcome = try Command([script, "\(run)/tensorboard"], program: python).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      self = try JSONDecoder().decode(Board.self, from: Data(outcome.output.utf8))
    }
  }

  /// A number of a log's line; what is none is passed over.
  private struct Number: Decodable {
    let value: Double?

    init(from decoder: any Decoder) { value = try? decoder.singleValueContainer().decode(Double.self) }
  }

  /// Expects each number of `metrics.jsonl`, and those of `selection.jsonl` but the time that a look took, under its
  /// name and step, once, and nothing else.
  private func expectMetrics(_ run: String, _ board: Board) throws {
    var expected: [String: [[Double]]] = [:]
    for (log, group) in [("metrics", ""), ("selection", "selection/")] {
      let path = "\(run)/\(log).jsonl"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      for line in try text(path).split(separator: "\n") {
        // JSONSerialization reads numbers with an error in the last place.
        let values = try JSONDecoder().decode([String: Number].self, from: Data(line.utf8))
        let step = try #require(values["step"]?.value)
        for (name, number) in values where name != "step" && (group.isEmpty || name != "seconds") {
          guard let value = number.value else { continue }
          expected[group + name, default: []].append([step, Double(Float(value))])
        }
      }
    }
    #expect(expected["total"]?.isEmpty == false)
    #expect(board.scalars == expected)
  }

  @Test("TensorBoard reads each step's numbers as metrics.jsonl has them, the pictures and the config")
  func numbers() throws {
    let sample = try Sample.make()
    let board = try Board(sample.run)
    try expectMetrics(sample.run, board)
    #expect(board.images.keys.sorted().first?.hasPrefix("overlay/") == true)
    #expect(board.images.count == 4)
    #expect(board.images.values.allSatisfy { $0 == [[0, 64, 48], [3, 64, 48]] })
    let config = try EventFiles("\(sample.run)/tensorboard").texts["config"]?[0] ?? ""
    #expect(config.contains("    learning_rate: 0.005"))
  }

  @Test("After a kill and on, it reads each step once, as metrics.jsonl has it")
  func killed() throws {
    let job = try Job.adapt(steps: 8, checkpointEvery: 3)
    let place = try Workplace(job)
    let command = try place.start(job.arguments)
    while command.isRunning, place.steps < 5 { usleep(1000) }
    command.send(SIGKILL)
    _ = try command.outcome()
    let steps = place.steps
    try #require(place.next == job.resume)
    #expect(try place.run(job.resume).status == 0)
    let run = "\(place.folder)/run"
    try expectMetrics(run, Board(run))
    #expect(listing("\(run)/tensorboard")?.count == 2, "killed after \(steps) steps")
  }

  @Test("Training is there too, with its scores")
  func training() throws {
    let place = try Workplace(Job.named("train"))
    try #require(place.run(place.job.arguments).status == 0)
    let scores = try jsonLines("\(place.folder)/run/evaluations.jsonl")
    let board = try Board("\(place.folder)/run")
    #expect(board.scalars["evaluation/mIoU"]?.map { $0[0] } == scores.compactMap { $0["step"] as? Double })
    #expect(board.scalars["total"]?.count == 3)
  }
}
