// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation

/// A command that several processes can run together.
protocol SharedCommand: ParsableCommand {
  var sharing: ProcessOptions { get }
}

/// How a command is shared among processes.
struct ProcessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start that many processes on this machine, which share the work; --batch counts the images of all. "
        + "(default: 1, or as torchrun, Slurm or Kubernetes started it)", valueName: "count"))
  var processes: Int?

  @Option(
    help: ArgumentHelp("How long processes wait for each other at the start.", valueName: "seconds"))
  var joinTimeout = 300.0

  @Option(
    help: ArgumentHelp("How long one may be silent before the job ends.", valueName: "seconds"))
  var peerTimeout = 30.0

  func validate() throws {
    guard processes.map({ (1...1024).contains($0) }) ?? true else {
      throw ValidationError("--processes must be 1 to 1024.")
    }
    let week = 604_800.0
    guard joinTimeout > 0, joinTimeout <= week else {
      throw ValidationError("--join-timeout must be above 0, at most 604800: a week.")
    }
    guard (2...week).contains(peerTimeout) else {
      throw ValidationError("--peer-timeout must be 2 to 604800.")
    }
  }

  /// How many processes this one is to start; nil where it does the work itself.
  var started: Int? {
    guard let processes, processes > 1 else { return nil }
    return ProcessInfo.processInfo.environment["WORLD_SIZE"] == nil ? processes : nil
  }

  /// Meets the other processes of the job; nil for a process by itself.
  func join() throws -> Peers? {
    guard let place = try ProcessPlace(ProcessInfo.processInfo.environment) else { return nil }
    let tells = !place.isLaunched || place.rank == 0
    Job.isQuiet = !tells
    var observer = RunObserver()
    observer.stopSignal = { Signals.current }
    if tells { observer.note = { ProgressDisplay().note($0) } }
    let peers = try Peers.join(
      place, joinSeconds: joinTimeout, peerSeconds: peerTimeout, observer: observer)
    Job.peers = peers
    return peers
  }
}

/// The processes of this program's job.
enum Job {
  /// Set once, by the thread that runs the command.
  nonisolated(unsafe) static var peers: Peers?

  /// Whether another process tells of a signal that came before this one met it: one program started them all.
  nonisolated(unsafe) static var isQuiet = false

  /// Whether this process tells the user of its end; the others of the job are told.
  static func tells(_ words: String, signal: Int32? = nil) -> Bool {
    peers?.end(because: words, signal: signal) ?? (signal == nil || !isQuiet)
  }

  /// In front of what a process other than the first says.
  static var prefix: String { peers.map { $0.isFirst ? "" : "rank \($0.rank): " } ?? "" }

  /// Ends the program. Threads that wait for lost processes would keep it from ending by itself.
  static func exit(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }
}
