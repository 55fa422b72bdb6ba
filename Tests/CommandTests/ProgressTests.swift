// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct ProgressTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test("In a file progress is a few plain lines, however many steps there are")
  func plainLines() throws {
    try withTemporaryFolder { folder in
      let outcome = try done(sample.adapt(to: folder.path("run"), "--steps", "40"))
      #expect(outcome.errorLines.count < 13, "\(outcome.errors)")
      #expect(!outcome.errors.contains("\u{1b}") && !outcome.errors.contains("\r"))
      #expect(outcome.errorLines.contains { $0.hasPrefix("adapt 40/40") && $0.contains("loss ") })
      #expect(outcome.output.split(separator: "\n").count == 1)
      #expect(outcome.output.contains(folder.path("run/adapted.pth")))
    }
  }

  @Test(
    "On a terminal progress is a bar with rate and time left", .enabled(if: systemProgram("script") != nil))
  func bar() throws {
    #if os(Linux)
      try withTemporaryFolder { folder in
        let script = try #require(systemProgram("script"))
        let binary = try #require(Command.binary)
        let line = ([binary] + sample.adapt(to: folder.path("run"), "--steps", "40")).joined(separator: " ")
        let outcome = try Command(["-qec", line, "/dev/null"], program: script).outcome()
        #expect(outcome.status == 0)
        let drawn = outcome.output.components(separatedBy: "\r").filter { $0.contains("adapt [") }
        #expect(drawn.count > 2)
        #expect(drawn.contains { $0.contains("=") && $0.contains("/s") && $0.contains(" left") })
        // A bar that wraps leaves rubbish behind; the last one stays as a line.
        for bar in drawn where !bar.contains("adapt [========================]") {
          #expect(bar.replacingOccurrences(of: "\u{1b}[K", with: "").count <= 80)
        }
      }
    #endif
  }
}
