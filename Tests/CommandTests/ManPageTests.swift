// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct ManPageTests {
  /// The first of the places where a program is.
  private func program(_ name: String) -> String? {
    ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map { "\($0)/\(name)" }
      .first(where: FileManager.default.isExecutableFile)
  }

  @Test("Every command has a man page that troff reads without a warning")
  func pages() throws {
    guard let python = program("python3") else {
      print("SKIPPED: no python3 to write man pages with")
      return
    }
    let iapc = try #require(Command.binary)
    let script = Fixtures.repository.appendingPathComponent("scripts/man-pages.py").path
    try withTemporaryFolder { folder in
      let written = try Command([script, iapc, folder.path("man1")], program: python).outcome()
      #expect(written.status == 0 && written.errors == "")
      let pages = try #require(listing(folder.path("man1")))
      for page in ["iapc.1", "iapc-adapt.1", "iapc-data-streets.1", "iapc-pseudo-label.1"] {
        #expect(pages.contains(page))
      }
      let adapt = try text(folder.path("man1/iapc-adapt.1"))
      #expect(adapt.contains("\\-\\-learning\\-rate") && adapt.contains(".SH OPTIONS"))
      guard let groff = program("groff") else {
        print("SKIPPED: no groff to read man pages with")
        return
      }
      for page in pages {
        let read = try Command(["-man", "-ww", "-z", folder.path("man1/\(page)")], program: groff).outcome()
        #expect(read.status == 0 && read.errors == "", "\(page)")
      }
    }
  }
}
