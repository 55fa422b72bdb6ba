// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The folder of results that other runs can use again.
@Suite struct CacheTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test("Where the cache cannot be written a line says so, and the run ends as any other")
  func unwritable() throws {
    try withTemporaryFolder { folder in
      let file = try folder.file("file", [1])
      let temporary = try folder.folder("temporary")
      let run = folder.path("run")
      let outcome = try Command(
        sample.adapt(to: run, "--steps", "3"),
        environment: ["IAPC_CACHE": "\(file)/cache", "TMPDIR": temporary]
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let told = outcome.errorLines.filter { $0.contains("the cache folder cannot be written") }
      #expect(told.count == 1 && told[0].contains("\(file)/cache"), "\(outcome.errors)")
      #expect(told.first?.contains("IAPC_CACHE") == true)
      #expect(try bytes("\(run)/adapted.safetensors") == bytes("\(sample.run)/adapted.safetensors"))
    }
  }

  @Test("doctor tells the cache folder, what of the environment says so, and whether it can be used")
  func place() throws {
    try withTemporaryFolder { folder in
      let file = try folder.file("file", [1])
      func line(_ environment: [String: String]) throws -> String {
        let none = ["IAPC_CACHE": "", "XDG_CACHE_HOME": ""]
        let outcome = try Command(["doctor"], environment: none.merging(environment) { $1 }).outcome()
        return try #require(
          outcome.output.split(separator: "\n").first { $0.hasPrefix("cache ") }.map(String.init))
      }
      let home = folder.path("home")
      #expect(try line(["HOME": home]).contains(" \(home)/.cache/iapc (pseudo-labels; from HOME, "))
      let base = folder.path("base")
      #expect(
        try line(["HOME": home, "XDG_CACHE_HOME": base]).contains(
          " \(base)/iapc (pseudo-labels; from XDG_CACHE_HOME"))
      #expect(try line(["HOME": home, "XDG_CACHE_HOME": "base"]).contains(" \(home)/.cache/iapc "))
      let own = try line(["IAPC_CACHE": "\(file)/cache", "XDG_CACHE_HOME": base])
      #expect(own.contains(" \(file)/cache (pseudo-labels; from IAPC_CACHE, "), "\(own)")
      #expect(own.contains("it cannot be used: \(file) is a file"), "\(own)")
    }
  }
}
