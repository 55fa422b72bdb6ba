// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Testing

@Suite("A process's place in its job")
struct ProcessPlaceTests {
  private let torchrun = [
    "RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "node-a",
    "MASTER_PORT": "29500", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "1",
  ]

  @Test("is what torchrun says")
  func torch() throws {
    let place = try #require(try ProcessPlace(torchrun))
    #expect(place.rank == 2 && place.count == 4 && place.localRank == 0 && place.localCount == 2)
    #expect(place.host == "node-a" && place.port == 29500 && place.isStoreHeld && place.attempt == "1")
  }

  @Test("is what Slurm says, where somebody says where to meet")
  func slurm() throws {
    let slurm = [
      "SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1", "SLURM_NTASKS_PER_NODE": "2",
    ]
    #expect(try ProcessPlace(slurm) == nil)
    let place = try #require(
      try ProcessPlace(slurm.merging(["MASTER_ADDR": "n1", "MASTER_PORT": "4000"]) { $1 }))
    #expect(place.rank == 3 && place.count == 4 && place.localRank == 1 && place.localCount == 2)
    #expect(!place.isStoreHeld && place.attempt == "0")
  }

  @Test(
    "has as many others on its machine as Slurm's list says",
    arguments: [
      ("0", "4(x2),3", 4), ("1", "4(x2),3", 4), ("2", "4(x2),3", 3), ("3", "4(x2),3", 1), ("0", "x", 1),
    ])
  func slurmTasks(node: String, list: String, count: Int) throws {
    let place = try #require(
      try ProcessPlace([
        "SLURM_PROCID": "3", "SLURM_NTASKS": "11", "SLURM_LOCALID": "0", "SLURM_NODEID": node,
        "SLURM_STEP_TASKS_PER_NODE": list, "MASTER_ADDR": "n1", "MASTER_PORT": "4000",
      ]))
    #expect(place.localCount == count)
  }

  @Test("is none for a process by itself")
  func alone() throws {
    #expect(try ProcessPlace([:]) == nil)
    #expect(try ProcessPlace(torchrun.merging(["WORLD_SIZE": "1", "RANK": "0"]) { $1 }) == nil)
  }

  @Test(
    "is refused where variables are missing or cannot be",
    arguments: [
      ("RANK", nil), ("RANK", "4"), ("RANK", "x"), ("MASTER_ADDR", nil), ("MASTER_PORT", "0"),
      ("MASTER_PORT", nil), ("WORLD_SIZE", "-1"), ("LOCAL_RANK", "9"),
    ] as [(String, String?)])
  func wrong(name: String, value: String?) {
    var variables = torchrun
    variables[name] = value
    #expect { try ProcessPlace(variables) } throws: { error in (error as? Problem)?.place == name }
  }

  @Test("is what the launcher of this program hands on")
  func launched() throws {
    let place = try #require(
      try ProcessPlace(ProcessPlace.variables(rank: 1, of: 3, port: 5000, launcher: 7)))
    #expect(place.rank == 1 && place.count == 3 && place.localRank == 1 && place.localCount == 3)
    #expect(place.host == "127.0.0.1" && place.port == 5000)
  }
}
