// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make data sets.",
    discussion: """
      Example:
        iapc data streets --domain dusk --count 200 --output dusk
      """,
    subcommands: [DataStreets.self])
}
