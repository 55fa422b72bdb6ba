// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python with torch and safetensors; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Runs `Reference/deeplabv2_dialects.py` and gives what it printed.
private func dialects(_ arguments: String...) throws -> String {
  let script = Fixtures.repository.appendingPathComponent("Reference/deeplabv2_dialects.py").path
  let outcome = try Command([script] + arguments, program: python).outcome()
  try #require(outcome.status == 0, "\(outcome.errors)")
  return outcome.output
}

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct WeightsCommandTests {
  @Test("Weights of other code bases are inspected, converted, adapted, and come back as they went in")
  func foreignWeights() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      _ = try dialects("write", folder.url.path)
      let fada = folder.path("fada.pth")
      let seen = try done(["inspect", "--weights", fada]).output
      for words in [
        "deeplabv2-resnet50 (branches=4,stride=3x3,ceil=false,dilation=contracted,norm=frozen,eps=0.0;",
        "fits exactly", "dialect    fada: 273 entries renamed", "beside     iteration, optimizer_fea",
        "--variant branches=2,", "--normalisation imageNet",
      ] { #expect(seen.contains(words), "\(words)") }
      let sets = try done(["inspect", "--weights", folder.path("da-sac.pth")]).output
      #expect(sets.contains("took the weights under backbone., left the 326 under slow_net."))
      let body = try done(["inspect", "--weights", folder.path("torchvision.pth")]).output
      #expect(body.contains("a body without a classifier") && body.contains("unused      fc.weight"))

      // Plain conversion keeps keys and dictionaries; a dialect changes both.
      try done(["convert", folder.path("single head.pth"), folder.path("same.pth")])
      #expect(try dialects("keys", folder.path("same.pth")).hasPrefix("state_dict/conv1.weight\n"))
      try done(["convert", "--dialect", "advent", fada, folder.path("advent.converted.pth")])
      #expect(try dialects("keys", folder.path("advent.converted.pth")).hasPrefix("conv1.weight\n"))
      try expectError(
        ["convert", "--dialect", "fad", fada, folder.path("no.pth")], saying: "unknown dialect", "fada")
      try expectError(
        ["predict", "--weights", fada, "--variant", "brnches=2", "--images", sample.images, "--output"]
          + [folder.path("no")], saying: "fada.pth", "unknown property of the variant", "branches")

      let run = folder.path("run")
      try done(
        ["adapt", "--weights", fada, "--images", sample.images, "--output", run, "--batch", "2", "--crop"]
          + ["32x24", "--steps", "1"])
      let (before, after) = (try dialects("keys", fada), try dialects("keys", "\(run)/adapted.pth"))
      let halves = before.split(separator: "\n").filter { $0.contains("/") && !$0.hasPrefix("optimizer") }
      #expect(halves.count == 273 && halves == after.split(separator: "\n"))
      #expect(try done(["inspect", "--weights", "\(run)/adapted.pth"]).output.contains("dialect    fada"))
      #expect(
        try done(["inspect", "--weights", "\(run)/adapted.safetensors"]).output.contains("dialect    fada"))
    }
  }
}
