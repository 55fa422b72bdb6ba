// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation

struct StartupBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "startup", abstract: "Time `iapc --help`, and a process up to the end of its first step.",
    discussion: """
      Example:
        iapc benchmark startup --runs 10
      """)

  @Option(help: "Processes to start of each kind, after a first one.")
  var runs = 5
  @Option(
    help: ArgumentHelp("Also write the numbers there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  private struct Result: Encodable {
    let help: TimeSpread
    /// Of ESPNet on four crops of 320x240, the drawing of these included.
    let firstStep: TimeSpread
  }

  func validate() throws {
    guard runs >= 1 else { throw ValidationError("--runs must be at least 1, got \(runs).") }
  }

  func run() throws {
    try checkOutputFile(json)
    let step = [
      "benchmark", "step", "--network", "espnet", "--crop", "320x240", "--batch", "4", "--steps", "1",
    ]
    let result = Result(help: try time(["--help"]), firstStep: try time(step))
    func row(_ name: String, _ spread: TimeSpread) -> (String, String) {
      let (median, min, max) = (1000 * spread.median, 1000 * spread.min, 1000 * spread.max)
      return (name, String(format: "%.0f ms (%.0f to %.0f)", median, min, max))
    }
    printTable([row("iapc --help", result.help), row("two steps and the end", result.firstStep)])
    if let json { try writeJSON(result, to: json) }
  }

  /// Seconds of whole processes of this program.
  private func time(_ arguments: [String]) throws -> TimeSpread {
    let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
    var seconds: [Double] = []
    for _ in 0...runs {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      // waitUntilExit() looks twenty times a second, which is coarser than what is measured.
      let ended = DispatchSemaphore(value: 0)
      process.terminationHandler = { _ in ended.signal() }
      let started = ContinuousClock.now
      try process.run()
      ended.wait()
      seconds.append((ContinuousClock.now - started).seconds)
      guard process.terminationStatus == 0 else {
        throw Problem(
          "a process to be timed failed", at: "iapc \(arguments.joined(separator: " "))",
          because: "its status is \(process.terminationStatus)", remedy: "run it by itself to see why")
      }
    }
    return TimeSpread(Array(seconds.dropFirst()))
  }
}
