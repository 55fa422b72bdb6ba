// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Two networks of this machine with an address each and a cable between them: Linux's network namespaces.
final class TwoMachines {
  private struct Obstacle: Error { let why: String }

  /// Why there can be none here; nil where they can.
  static let obstacle: String? = {
    do {
      _ = try TwoMachines()
      return nil
    } catch { return (error as? Obstacle)?.why ?? "\(error)" }
  }()

  private static let taken = Guarded(0)

  private let names: [String]
  let addresses: [String]
  private let port: Int

  init() throws {
    port = try jobPort()
    let number = Self.taken.withLock { count in
      count += 1
      return count
    }
    let process = Int(ProcessInfo.processInfo.processIdentifier)
    names = ["a", "b"].map { "iapc\(process)-\(number)\($0)" }
    // Nobody outside of them sees the addresses.
    addresses = (1...2).map { "10.213.7.\($0)" }
    do {
      for name in names { try Self.ip("netns", "add", name) }
      try Self.ip(
        "-n", names[0], "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", names[1])
      for (name, address) in zip(names, addresses) {
        try Self.ip("-n", name, "address", "add", "\(address)/24", "dev", "cable")
        for link in ["lo", "cable"] { try Self.ip("-n", name, "link", "set", link, "up") }
      }
    } catch {
      remove()
      throw error
    }
  }

  deinit { remove() }

  private func remove() { for name in names { try? Self.ip("netns", "delete", name) } }

  /// Starts the program as the process of a rank on the machine of that number; the first holds the store. In truth the
  /// machines share this one's cores, so each takes one.
  ///
  /// - `host`: what is said of where they meet; the first machine's address by default.
  func start(_ rank: Int, _ arguments: [String], host: String? = nil) throws -> Command {
    let program = try #require(Command.binary)
    return try Command(
      ["netns", "exec", names[rank], program] + arguments + ["--threads", "1"], program: systemProgram("ip"),
      environment: variables(rank: rank, host: host ?? addresses[0], port: port))
  }

  /// Cuts the cable.
  func cut() throws { try Self.ip("-n", names[0], "link", "set", "cable", "down") }

  private static func ip(_ arguments: String...) throws {
    guard let program = systemProgram("ip") else { throw Obstacle(why: "needs Linux's program ip") }
    let outcome = try Command(arguments, program: program).outcome()
    guard outcome.status == 0 else {
      throw Obstacle(
        why: "needs network namespaces, which only root may make: \(outcome.errorLines.first ?? "")")
    }
  }
}
