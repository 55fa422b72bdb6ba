// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// Which of several processes of one job this one is, and where they meet, as launchers say it.
///
/// `torchrun` and PyTorchJob set `RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT` and, the former, `LOCAL_RANK` and
/// `LOCAL_WORLD_SIZE`; Slurm sets `SLURM_PROCID`, `SLURM_NTASKS`,
/// `SLURM_LOCALID` and `SLURM_STEP_TASKS_PER_NODE`.
public struct ProcessPlace: Equatable, Sendable {
  /// From 0.
  public let rank: Int
  /// How many processes the job has.
  public let count: Int
  /// The place among the processes of this machine.
  public let localRank: Int
  /// How many processes of the job this machine has; 1 where it is not told.
  public let localCount: Int
  /// Where the processes meet.
  public let host: String
  /// The port of the store there.
  public let port: UInt16
  /// Whether the launcher holds the store, and not the process of rank 0.
  public let isStoreHeld: Bool
  /// Which try of the job it is, where the launcher starts it again.
  public let attempt: String

  /// The process that started this one and ends it with its own end; nil where the launcher is another's.
  let launcher: Int32?

  /// The variables that say so.
  let variables: String

  /// Whether a process of this program started it, with the others.
  public var isLaunched: Bool { launcher != nil }

  /// The end of a remedy for variables that were left over; nothing where the program set them itself.
  var alone: String { isLaunched ? "" : ", or unset \(variables) to run it alone" }

  /// Where the processes meet, for people.
  var meeting: String { "\(host):\(port)" }

  /// From variables of the environment; nil for a process by itself.
  ///
  /// - Throws: a `Problem` where some are missing or say what cannot be.
  public init?(_ environment: [String: String]) throws {
    var place = environment
    if place["WORLD_SIZE"] == nil, place["MASTER_ADDR"] != nil {
      let slurm = [
        "RANK": "SLURM_PROCID", "WORLD_SIZE": "SLURM_NTASKS", "LOCAL_RANK": "SLURM_LOCALID",
        "LOCAL_WORLD_SIZE": "SLURM_NTASKS_PER_NODE",
      ]
      for (name, other) in slurm where place[name] == nil { place[name] = place[other] }
      place["LOCAL_WORLD_SIZE"] = place["LOCAL_WORLD_SIZE"] ?? Self.slurmTasks(environment)
    }
    guard let count = try Self.number("WORLD_SIZE", in: place, 1...65536), count > 1 else { return nil }
    func needed(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
      if let number = try Self.number(name, in: place, range) { return number }
      throw Self.problem(name, "it is not set, and WORLD_SIZE is \(count)")
    }
    rank = try needed("RANK", 0...count - 1)
    port = UInt16(try needed("MASTER_PORT", 1...65535))
    localRank = try Self.number("LOCAL_RANK", in: place, 0...count - 1) ?? 0
    localCount = max(1, try Self.number("LOCAL_WORLD_SIZE", in: place, 1...count) ?? 1)
    guard let host = place["MASTER_ADDR"], !host.isEmpty else {
      throw Self.problem("MASTER_ADDR", "it is not set, and WORLD_SIZE is \(count)")
    }
    self.host = host
    variables =
      environment["WORLD_SIZE"] == nil ? "SLURM_PROCID and SLURM_NTASKS" : "RANK and WORLD_SIZE"
    (self.count, attempt) = (count, place["TORCHELASTIC_RESTART_COUNT"] ?? "0")
    launcher = place[Self.launcherVariable].flatMap { Int32($0) }
    isStoreHeld = place["TORCHELASTIC_USE_AGENT_STORE"] == "True"
  }

  /// The variables that tell a process its place, for a launcher on this machine.
  ///
  /// - `launcher`: the process that starts it.
  public static func variables(
    rank: Int, of count: Int, port: UInt16, launcher: Int32
  ) -> [String: String] {
    [
      "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_RANK": "\(rank)", "LOCAL_WORLD_SIZE": "\(count)",
      "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)", launcherVariable: "\(launcher)",
    ]
  }

  /// How many tasks the machine has, where nobody asked for a number: Slurm lists them as in `4(x2),3`, by machine.
  private static func slurmTasks(_ environment: [String: String]) -> String? {
    let list = environment["SLURM_STEP_TASKS_PER_NODE"] ?? environment["SLURM_TASKS_PER_NODE"]
    guard var node = environment["SLURM_NODEID"].flatMap({ Int($0) }), let list else { return nil }
    for part in list.split(separator: ",") {
      let numbers = part.split { !$0.isNumber }.compactMap { Int($0) }
      guard let tasks = numbers.first else { return nil }
      let machines = numbers.count > 1 ? numbers[1] : 1
      if node < machines { return "\(tasks)" }
      node -= machines
    }
    return nil
  }

  private static let launcherVariable = "IAPC_LAUNCHER"

  private static func number(
    _ name: String, in environment: [String: String], _ range: ClosedRange<Int>
  ) throws -> Int? {
    guard let text = environment[name], !text.isEmpty else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw problem(name, "expected \(range.lowerBound) to \(range.upperBound), found \(text)")
    }
    return number
  }

  private static func problem(_ name: String, _ why: String) -> Problem {
    Problem(
      "cannot tell which process of the job this is", at: name, because: why,
      remedy: "start it with torchrun or --processes, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT; "
        + "to run it alone, unset WORLD_SIZE and RANK")
  }
}
