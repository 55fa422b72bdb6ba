// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Testing
import Yams

/// What Documentation/Processes.md gives to clusters, none of which is here.
@Suite("The launchers' files of the guide to processes")
struct LauncherManifestTests {
  private let guide: String

  init() throws {
    let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("../../../Documentation/Processes.md").standardizedFileURL
    guide = try String(contentsOf: path, encoding: .utf8)
  }

  @Test("A PyTorchJob's replicas each get a place from what its operator sets")
  func pytorchJob() throws {
    let text = try #require(guide.firstMatch(of: /```yaml\n((?s).*?)```/)).output.1
    let job = try #require(try Yams.load(yaml: String(text)) as? [String: Any])
    #expect(job["kind"] as? String == "PyTorchJob" && job["apiVersion"] as? String == "kubeflow.org/v1")
    let name = try #require((job["metadata"] as? [String: Any])?["name"] as? String)
    let replicas = try #require(
      (job["spec"] as? [String: Any])?["pytorchReplicaSpecs"] as? [String: [String: Any]])
    #expect(Set(replicas.keys) == ["Master", "Worker"])
    let counts = try replicas.mapValues { try #require($0["replicas"] as? Int) }
    #expect(counts["Master"] == 1)
    for replica in replicas.values {
      let spec = (replica["template"] as? [String: Any])?["spec"] as? [String: Any]
      let container = try #require((spec?["containers"] as? [[String: Any]])?.first)
      // The operator looks for a container of this name.
      #expect(container["name"] as? String == "pytorch")
      #expect((container["command"] as? [String])?.prefix(2) == ["iapc", "adapt"])
    }
    let total = counts.values.reduce(0, +)
    for rank in 0..<total {
      let place = try #require(
        try ProcessPlace([
          "MASTER_ADDR": "\(name)-master-0", "MASTER_PORT": "23456", "WORLD_SIZE": "\(total)",
          "RANK": "\(rank)",
        ]))
      #expect(place.rank == rank && place.count == total && place.localCount == 1)
    }
  }

  @Test("What srun is told leads to places on each machine")
  func slurm() throws {
    let words = try #require(guide.firstMatch(of: /srun --ntasks (\d+) --ntasks-per-node (\d+) iapc/)).output
    let (all, each) = (try #require(Int(words.1)), try #require(Int(words.2)))
    #expect(guide.contains("export MASTER_ADDR=") && guide.contains("MASTER_PORT="))
    for rank in 0..<all {
      let place = try #require(
        try ProcessPlace([
          "SLURM_PROCID": "\(rank)", "SLURM_NTASKS": "\(all)", "SLURM_LOCALID": "\(rank % each)",
          "SLURM_NTASKS_PER_NODE": "\(each)", "MASTER_ADDR": "n1", "MASTER_PORT": "29500",
        ]))
      #expect(place.rank == rank && place.localRank == rank % each && place.localCount == each)
    }
  }
}
