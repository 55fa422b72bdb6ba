// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Where messages and results cannot be written.
@Suite struct MessageTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private static let hasFull = exists("/dev/full")

  private func expectDone(_ run: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(
      try bytes("\(run)/adapted.safetensors") == bytes("\(sample.run)/adapted.safetensors"),
      sourceLocation: sourceLocation)
    #expect(try jsonLines("\(run)/metrics.jsonl").count == 3, sourceLocation: sourceLocation)
    #expect(exists("\(run)/report.html"), sourceLocation: sourceLocation)
  }

  @Test(
    "A run whose standard error is full or closed ends as any other", .enabled(if: hasFull),
    arguments: ["2>/dev/full", "2>&-", "0<&- 2>&-"])
  func errors(redirection: String) throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let outcome = try shell(#"exec "$0" "$@" \#(redirection)"#, sample.adapt(to: run, "--steps", "3"))
      #expect(outcome.status == 0 && outcome.exited)
      #expect(outcome.output.contains("adapted weights: "))
      try expectDone(run)
    }
  }

  @Test("A run goes on where nobody reads its messages any more")
  func unreadMessages() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let line = #"{ "$0" "$@" >/dev/null; echo $? >\#(folder.path("status")); } 2>&1 | true"#
      _ = try shell(line, sample.adapt(to: run, "--steps", "3"))
      #expect(try text(folder.path("status")) == "0\n")
      try expectDone(run)
    }
  }

  @Test("A run goes on where its terminal is gone")
  func hungUp() throws {
    #if os(Linux)
      try withTemporaryFolder { folder in
        let run = folder.path("run")
        let command = try Command(
          sample.adapt(to: run, "--steps", "3"), standardError: goneTerminal())
        let outcome = try command.outcome()
        #expect(outcome.status == 0 && outcome.exited)
        try expectDone(run)
      }
    #endif
  }

  @Test(
    "A result that cannot be written to standard output is an error", .enabled(if: hasFull),
    arguments: [">/dev/full", ">&-"])
  func output(redirection: String) throws {
    let evaluation = [
      "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels,
      "--label-space", "camvid11",
    ]
    let commands = [
      evaluation, ["inspect", "--weights", sample.weights], ["doctor"], ["--version"], ["help", "adapt"],
      ["adapt", "--help"], ["--generate-completion-script", "bash"],
    ]
    for arguments in commands {
      let outcome = try shell(#"exec "$0" "$@" \#(redirection)"#, arguments)
      #expect(outcome.status == 1 && outcome.exited, "\(arguments)")
      let told = outcome.errorLines.last ?? ""
      #expect(told.hasPrefix("error: cannot write to standard output"), "\(arguments): \(outcome.errors)")
      if redirection == ">/dev/full" { #expect(told.contains("No space left on device"), "\(told)") }
    }
  }

  @Test("A run whose last line has no room is done all the same", .enabled(if: hasFull))
  func lastLine() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let outcome = try shell(#"exec "$0" "$@" >/dev/full"#, sample.adapt(to: run, "--steps", "3"))
      #expect(outcome.status == 1 && outcome.exited)
      #expect(outcome.told.count == 1 && outcome.errorLines.last == outcome.told[0], "\(outcome.errors)")
      try expectDone(run)
    }
  }

  @Test("A reader of standard output that stops early is no error, and no word is said of it")
  func unread() throws {
    try withTemporaryFolder { folder in
      let line = #"{ "$0" "$@"; echo $? >\#(folder.path("status")); } | true"#
      for arguments in [["help", "adapt"], ["inspect", "--weights", sample.weights, "--entries"]] {
        let outcome = try shell("sleep 0; \(line)", arguments)
        #expect(outcome.errors == "")
        #expect(["0\n", "141\n"].contains(try text(folder.path("status"))))
      }
    }
  }
}
