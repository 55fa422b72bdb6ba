// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Torch

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Starts the processes of a job on this machine, passes signals on to them and waits for them.
struct Launcher {
  /// How long the others may take to end after one has failed, in seconds.
  private static let grace = 15.0

  private var children: [Int32: Int] = [:]
  private let count: Int

  init(_ count: Int) { self.count = count }

  /// Runs the program again, so many times at once, with these arguments.
  ///
  /// - Returns: 0 where all ended well, or else the status of the first that did not.
  static func run(_ count: Int, _ arguments: [String]) throws -> Int32 {
    Signals.watch()
    var launcher = Launcher(count)
    do { try launcher.start(arguments) } catch {
      launcher.send(SIGKILL)
      throw error
    }
    return launcher.wait()
  }

  private mutating func start(_ arguments: [String]) throws {
    let program = Bundle.main.executablePath ?? arguments[0]
    let port = try freePort()
    for rank in 0..<count {
      let variables = ProcessInfo.processInfo.environment.merging(
        ProcessPlace.variables(rank: rank, of: count, port: port, launcher: getpid())
      ) { $1 }
      children[try Self.spawn(program, arguments, variables)] = rank
    }
  }

  /// In a process group of its own: a Ctrl-C of the terminal comes here, and is passed on once.
  static func spawn(
    _ program: String, _ arguments: [String], _ variables: [String: String]
  ) throws -> Int32 {
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
    #else
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, program, nil, &attributes, &argv, &envp)
    guard code == 0 else {
      throw Problem(
        "cannot start a process", at: program, because: String(cString: strerror(code)),
        remedy: "use fewer --processes")
    }
    return child
  }

  private mutating func wait() -> Int32 {
    var (failure, deadline): (Int32, Date?) = (0, nil)
    var (told, passedOn): (Bool, Int32?) = (false, nil)
    while !children.isEmpty {
      if let signal = Signals.current, signal != passedOn {
        send(signal)
        passedOn = signal
      }
      var status: Int32 = 0
      let child = waitpid(-1, &status, WNOHANG)
      if child > 0, let rank = children.removeValue(forKey: child) {
        let (code, signal) = ((status >> 8) & 0xff, status & 0x7f)
        if signal == 0, code != 0 { told = true }
        let result = signal == 0 ? code : 128 + signal
        if result != 0, failure == 0 {
          failure = result
          deadline = Date() + Self.grace
        }
        if signal != 0, children.isEmpty, !told { Self.tell(rank, signal) }
        continue
      }
      if let time = deadline, Date() > time {
        send(SIGKILL)
        deadline = nil
      }
      usleep(50_000)
    }
    return failure
  }

  /// Where no process was left to tell of the end.
  private static func tell(_ rank: Int, _ signal: Int32) {
    let problem = Problem(
      "the job has ended", at: "rank \(rank)", because: "it was ended by signal \(signal)",
      remedy: "see whether memory ran out, then go on with --resume")
    StandardStreams.message("error: \(problem)\n")
    EventLog.fail(problem)
  }

  private func send(_ signal: Int32) { for child in children.keys { kill(child, signal) } }
}
