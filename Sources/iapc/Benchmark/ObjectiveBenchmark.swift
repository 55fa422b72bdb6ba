// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

struct ObjectiveBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "objective", abstract: "Time the loss of an adaptation step and its gradients.",
    discussion: """
      Example:
        iapc benchmark objective --inputs predictions.safetensors --json times.json

      `python Benchmarks/objective.py` writes the predictions.
      """)

  @Option(
    help: ArgumentHelp("Stored predictions.", valueName: "file.safetensors"),
    completion: .file(extensions: ["safetensors"]))
  var inputs: String
  @Option(help: "How often to compute it.")
  var repeats = 5
  @Flag(help: "Time the form that computes tensor by tensor.")
  var tensorwise = false
  @OptionGroup var machine: MachineOptions
  @Option(
    help: ArgumentHelp("Write times, terms and gradients' norms there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func run() throws {
    try checkOutputFile(json)
    _ = try machine.apply()
    let result = try ObjectiveTiming(IAPCSettings()).run(
      inputs: inputs, repeats: repeats, tensorwise: tensorwise)
    let best = (result.seconds.min() ?? 0) * 1000
    print(String(format: "%.1f ms, %.1f MiB more memory", best, Double(result.extraMemory) / 1_048_576))
    if let json { try writeJSON(result, to: json) }
  }
}
