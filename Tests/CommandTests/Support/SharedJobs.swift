// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Torch

extension Sample {
  /// The method from the source's statistics, whose steps do not turn rounding into other labels: four images a step.
  func sharedAdapt(to output: String, _ more: [String] = []) -> [String] {
    adapt(to: output, "--profile", "paper", "--batch", "4", "--steps", "20", "--learning-rate", "1e-4")
      + ["--set", "schedule.warm_up=2", "--set", "selection.every=0"] + more
  }
}

/// The losses of a run's steps.
func totals(_ run: String) throws -> [Double] {
  try jsonLines("\(run)/metrics.jsonl").map { try #require($0["total"] as? Double) }
}

/// Expects two runs of so many steps to have the same losses, to 1e-4.
func expectSameLosses(
  _ one: String, _ other: String, steps: Int = 20, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (one, other) = (try totals(one), try totals(other))
  #expect(one.count == steps && other.count == steps, sourceLocation: sourceLocation)
  for (x, y) in zip(one, other) {
    #expect(abs(x - y) <= 1e-4 * abs(x), "\(x) \(y)", sourceLocation: sourceLocation)
  }
}

/// Waits until a run has told of so many steps, a minute at most.
func awaitSteps(_ count: Int, of run: String) {
  let deadline = Date() + 60
  while (try? totals(run).count) ?? 0 < count, Date() < deadline { usleep(20_000) }
}

/// A free port for a job whose variables a test sets; tests of one after another get others.
///
/// Below those that systems give to connections by themselves, so that it stays free until the job takes it.
func jobPort() throws -> Int {
  let start = Int(ProcessInfo.processInfo.processIdentifier) * 16
  for _ in 0..<1000 {
    let number = ports.withLock { count in
      count += 1
      return count
    }
    let port = 20_000 + (start + number) % 12_000
    if (try? freePort(UInt16(port))) != nil { return port }
  }
  return try #require(nil, "1000 ports from 20000 on are taken")
}

private let ports = Guarded(0)

/// The variables that a launcher sets for a process.
func variables(rank: Int, of count: Int = 2, host: String = "127.0.0.1", port: Int) -> [String: String] {
  ["RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": host, "MASTER_PORT": "\(port)"]
}

extension Command {
  /// The process of a rank that this one has started.
  func child(rank: Int) throws -> Int32 {
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
    let found = processes.first { process in
      guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
      let variables = String(decoding: data, as: UTF8.self).split(separator: "\0")
      return variables.contains("IAPC_LAUNCHER=\(identifier)") && variables.contains("RANK=\(rank)")
    }
    return try #require(found)
  }
}

extension Outcome {
  /// The lines that tell why it ended.
  var told: [String] { errorLines.filter { $0.hasPrefix("error: ") } }
}
