// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Segmentation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// One run of a comparison: its folder, and what it cost and reached.
struct ComparisonRun: Codable {
  /// What a run cost; kept in its folder.
  struct Cost: Codable {
    /// Of the whole process: labels, steps and weights.
    var seconds: Double
    /// What its threads computed; other programs on the machine hardly change it. Runs of earlier versions
    /// have not kept it.
    var processorSeconds: Double?
    /// The most memory that the process held.
    var peakResidentBytes: Int
  }

  /// mIoU on labels of the last weights, of those that label-free criteria choose, and of the best.
  struct Score: Codable {
    @Measured var last: Double?
    @Measured var selected: Double?
    @Measured var oracle: Double?
  }

  let method: String
  let seed: UInt64
  let folder: String
  var cost: Cost
  var score = Score()
  /// Which normalisation statistics the network has that is scored, in a word of `ComparisonTable`; nil where no layer
  /// normalises by batches.
  var statistics: String?
}

extension ComparisonRun {
  /// Runs `adapt` in a process of its own, unless its result is there; goes on with a run that was stopped.
  static func made(_ contestant: Contestant, seed: UInt64, in output: String, _ adapt: [String]) throws
    -> Self
  {
    let folder = RunFolder("\(output)/\(contestant.folder(seed: seed))")
    let files = FileManager.default
    let costFile = "\(folder.path)/cost.json"
    if !files.fileExists(atPath: folder.adaptedSafetensors) || !files.fileExists(atPath: costFile) {
      let known = files.fileExists(atPath: folder.manifest)
      let start =
        known
        ? ["--resume", folder.path]
        : contestant.options + ["--seed", String(seed), "--output", folder.path] + adapt
      let before = (try? read(costFile)) ?? Cost(seconds: 0, processorSeconds: 0, peakResidentBytes: 0)
      var cost = try timed([CommandLine.arguments[0], "adapt"] + start, of: contestant.name)
      cost.seconds += before.seconds
      cost.processorSeconds = before.processorSeconds.flatMap { earlier in
        cost.processorSeconds.map { $0 + earlier }
      }
      cost.peakResidentBytes = max(cost.peakResidentBytes, before.peakResidentBytes)
      try writeJSON(cost, to: costFile)
    }
    return ComparisonRun(
      method: contestant.name, seed: seed, folder: folder.path, cost: try read(costFile))
  }

  private static func read(_ path: String) throws -> Cost {
    try JSONDecoder.snakeCase.decode(Cost.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Starts a process of the program, passes signals on to it and waits for its end.
  ///
  /// - Throws: `Interruption` where the user ends it; a `Problem` where it fails.
  private static func timed(_ arguments: [String], of name: String) throws -> Cost {
    let started = ContinuousClock.now
    let child = try Launcher.spawn(
      Bundle.main.executablePath ?? arguments[0], arguments, ProcessInfo.processInfo.environment)
    var (status, usage): (Int32, rusage) = (0, rusage())
    var passedOn: Int32?
    while wait4(child, &status, WNOHANG, &usage) == 0 {
      if let signal = Signals.current, signal != passedOn {
        kill(child, signal)
        passedOn = signal
      }
      usleep(50_000)
    }
    if let signal = Signals.current { throw Interruption(signal: signal) }
    guard status == 0 else {
      throw Problem(
        "the comparison has ended", at: name, because: "its run failed",
        remedy: "mend that, or leave the method out, and start again: runs that are done are kept")
    }
    #if canImport(Darwin)
      let unit = 1
    #else
      let unit = 1024
    #endif
    let processor = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000
    }
    return Cost(
      seconds: (ContinuousClock.now - started) / .seconds(1), processorSeconds: processor,
      peakResidentBytes: Int(usage.ru_maxrss) * unit)
  }
}
