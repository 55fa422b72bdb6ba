// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Foundation

/// A command that tells programs what it does.
protocol EventCommand: ParsableCommand {
  var events: EventOptions { get }
}

/// Where a command tells programs what it does.
struct EventOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also write what happens as JSON lines there, for programs: a file, which is replaced, or the number of an open "
        + "descriptor.", valueName: "file-or-fd"), completion: .file())
  var events: String?

  /// Opens what events are written to, where they are wanted.
  func open() throws {
    guard let events else { return }
    let environment = ProcessInfo.processInfo.environment
    // What the variables say wrongly is told where the processes meet.
    let place = (try? ProcessPlace(environment)) ?? nil
    try EventLog.open(
      events, keeping: place?.isLaunched ?? false, errorsOnly: place.map { $0.rank != 0 } ?? false)
  }
}
