// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

/// Jobs whose processes are threads of this one.
@Suite("The weights of a job's processes", .serialized)
struct ReplicaTests {
  private func job(
    _ count: Int, _ body: @escaping @Sendable (Peers) throws -> Void
  ) throws -> [(any Error)?] {
    let port = try freePort()
    let errors = Mutex<[Int: any Error]>([:])
    let threads = DispatchGroup()
    for rank in 0..<count {
      threads.enter()
      Thread.detachNewThread {
        do {
          let place = try ProcessPlace([
            "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
          ])
          let peers = try Peers(#require(place), joinSeconds: 20, peerSeconds: 20)
          defer { try? peers.finish() }
          try body(peers)
        } catch { errors.withLock { $0[rank] = error } }
        threads.leave()
      }
    }
    threads.wait()
    return (0..<count).map { rank in errors.withLock { $0[rank] } }
  }

  /// Eight steps that add to one weight tensor; a checkpoint every two.
  private static func run(_ peers: Peers, in path: String, adding: (Int) -> Double) throws {
    var settings = AdaptationSettings()
    (settings.steps, settings.checkpointEvery) = (8, 2)
    let folder = RunFolder(path)
    var weights = TensorGenerator(seed: 1).normal([40])
    let loop = StepLoop(settings, folder, RunObserver(), peers: peers)
    _ = try loop.run(
      from: RunProgress(), state: { [("weights", weights.stored)] }, parameters: { [weights] }
    ) { index in
      weights = weights + adding(index)
      let report = StepReport(total: 1, terms: [("ce", 1), ("im", 0)], gradientNorm: 2, isApplied: true)
      return StepRecord(step: index + 1, report: report, learningRate: 1, seconds: 0, images: [])
    }
  }

  @Test(
    "end the job where one has others, at the next checkpoint, which is not written",
    arguments: [(2, 1), (3, 0), (3, 2)])
  func departed(count: Int, rank: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.path("run")
      try RunFolder(path).prepare(overwrite: false)
      let errors = try job(count) { peers in
        try Self.run(peers, in: path) { $0 == 2 && peers.rank == rank ? 0.011 : 0.01 }
      }
      for (own, error) in errors.enumerated() {
        let failure = try #require(error as? PeerFailure, "\(String(describing: error))")
        #expect(failure.problem.place == "rank \(rank)" && failure.tells == (own == 0), "\(failure.problem)")
      }
      let saved = try FileManager.default.contentsOfDirectory(atPath: RunFolder(path).checkpoints)
      #expect(
        saved.contains { $0.contains("000002") } && !saved.contains { $0.contains("000004") }, "\(saved)")
    }
  }

  @Test("may differ by roundings")
  func rounded() throws {
    try withTemporaryFolder { folder in
      let path = folder.path("run")
      try RunFolder(path).prepare(overwrite: false)
      let errors = try job(2) { peers in
        try Self.run(peers, in: path) { _ in peers.rank == 0 ? 0.01 : 0.01 + 1e-8 }
      }
      #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
    }
  }
}
