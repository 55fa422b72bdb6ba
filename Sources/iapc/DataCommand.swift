// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look data sets over, and make some.",
    discussion: """
      Example:
        iapc data check --dataset cityscapes --data /data/cityscapes --split val
        iapc data streets --domain dusk --count 200 --output dusk
      """,
    subcommands: [DataCheckCommand.self, DataStreets.self])
}
