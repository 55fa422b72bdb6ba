// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replay training steps on one stored batch and print every number.",
    discussion: """
      Example:
        iapc step --weights w.pth --network espnet --inputs batch.safetensors \\
          --steps 3 --learning-rate 1e-3 --profile reference \\
          --set optimizer.backbone_updates=1 --json numbers.json

      The batch holds images, images_scaled, images_augmented (normalised float32
      [N, 3, H, W]) and pseudo_labels (uint8 [N, H, W]), as `iapc adapt
      --dump-batches` writes them. The learning rate is constant.
      """)

  @Option(
    help: ArgumentHelp("The network's weights: .pth, .safetensors or a TorchScript .pt.", valueName: "file"),
    completion: .weights)
  var weights: String
  @OptionGroup var foreign: ForeignNetworkOptions
  @Option(
    help: ArgumentHelp("The stored batch.", valueName: "file.safetensors"),
    completion: .file(extensions: ["safetensors"]))
  var inputs: String
  @Option(help: "Steps to replay.")
  var steps = "1"
  @Option(
    help:
      "The body's learning rate; the classifier's is head_lr_mult times it. (default: the profile's)"
  )
  var learningRate: String?
  @Option(help: "recommended, paper or reference.", completion: .choices(of: AdaptationSettings.Profile.self))
  var profile = "reference"
  @Option(help: "The way to adapt: iapc.", completion: .choices(of: AdaptationSettings.Method.self))
  var method: String?
  @Option(help: "auto, cpu, cuda or cuda:N.", completion: .devices)
  var device: String?
  @Option(help: "Threads of the computation.")
  var threads: String?
  @OptionGroup var config: ConfigOptions
  @Option(
    help: ArgumentHelp(
      "Write terms, class weights, and every parameter's sum and norm there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func run() throws {
    try checkOutputFile(json)
    let settings: AdaptationSettings = try config.settings(
      profile: profile,
      options: [
        ("network.weights", weights), ("schedule.steps", steps),
        ("optimizer.learning_rate", learningRate), ("runtime.device", device), ("runtime.threads", threads),
        ("method.name", method),
      ] + foreign.settings)
    let result = try StepReplay(settings).run(inputs: inputs) { step, report in
      let terms = report.terms.map { "\($0.name) \($0.value)" }.joined(separator: "  ")
      print("step \(step)  total \(report.total)  \(terms)")
    }
    if let json { try writeJSON(result, to: json) }
  }
}
