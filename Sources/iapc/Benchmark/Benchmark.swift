// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a step, an evaluation, labelling, the data pipeline or the start.",
    discussion: """
      Examples:
        iapc benchmark step --network deeplabv2-resnet101 --crop 512x256 --batch 2
        iapc benchmark evaluate --network espnet --size 1024x512
        iapc benchmark data --workers 2

      None needs a file: weights and scenes are drawn from a seed. Each says where
      the time went and the most memory that the process held; --json keeps the
      numbers. `make bench` runs each beside its twin in PyTorch.
      """,
    subcommands: [
      StepBenchmark.self, EvaluationBenchmark.self, LabellingBenchmark.self, DataBenchmark.self,
      StartupBenchmark.self, ObjectiveBenchmark.self,
    ])
}
