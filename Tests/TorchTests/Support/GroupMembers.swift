// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import Torch

/// Runs `body` in each member of a group, and gives what they returned, by rank. The members are threads of one process:
/// what goes over the network is the same.
func members<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (ProcessGroup, MeetingStore) throws -> Result
) throws -> [Result] {
  let port = try freePort()
  let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
  let threads = DispatchGroup()
  for rank in 0..<count {
    threads.enter()
    Thread.detachNewThread {
      let result = Swift.Result<Result, any Error> {
        let store = try MeetingStore(host: "127.0.0.1", port: port, serves: rank == 0, seconds: 20)
        let group = try ProcessGroup(
          store, name: "test", address: "127.0.0.1", rank: rank, count: count, seconds: 20)
        let value = try body(group, store)
        // The store goes with the first member.
        try? group.wait()
        return value
      }
      results.withLock { $0[rank] = result }
      threads.leave()
    }
  }
  threads.wait()
  return try (0..<count).map { rank in
    try #require(results.withLock { $0[rank] }).get()
  }
}
