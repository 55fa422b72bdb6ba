// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python with torch; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Modules that were loaded well and fail in the middle of a command.
@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct FailingModuleTests {
  private static let modules = Result {
    let folder = try ScratchFolder.keptToTheEnd()
    let script = Fixtures.repository.appendingPathComponent("Reference/script_modules.py").path
    let outcome = try Command([script, "failing", folder.url.path], program: python).outcome()
    try #require(outcome.status == 0, "\(outcome.errors)")
    return folder
  }

  /// The error that a command ends with, by itself and with status 1.
  private func error(_ arguments: [String]) throws -> String {
    let outcome = try iapc(arguments)
    #expect(outcome.status == 1 && outcome.exited, "status \(outcome.status): \(outcome.errors)")
    let errors = outcome.errorLines.filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1 && outcome.errorLines.last == errors.last, "\(outcome.errors)")
    return errors.last ?? ""
  }

  @Test(
    "A module that fails in a later step ends the run with one line, and the steps before are saved",
    arguments: [
      ("refusing", "it is not what it was"), ("hungry", "the memory ran out"),
      ("backward", "modified by an inplace operation"),
    ])
  func laterStep(name: String, why: String) throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let module = try Self.modules.get().path("\(name).pt")
      let told = try error(
        ["adapt", "--weights", module, "--classes", "camvid11", "--images", sample.images, "--output", run]
          + ["--batch", "2", "--crop", "32x24", "--steps", "4", "--learning-rate", "1e-2"]
          + ["--set", "selection.every=0", "--set", "runtime.plan=off", "--set", "schedule.warm_up=0"])
      #expect(told.contains(why) || told.contains("free memory"), "\(told)")
      #expect(told.contains("(the state after step 1 is saved)"), "\(told)")
      #expect(told.contains("then go on with `iapc adapt --resume \(run)`"), "\(told)")
      #expect(exists("\(run)/checkpoints/step-000001.safetensors"))
      let again = try error(["adapt", "--resume", run])
      #expect(again.contains("(the state after step 1 is saved)"), "\(again)")
    }
  }

  @Test("A module that refuses some images leaves no part of a prediction")
  func prediction() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let module = try Self.modules.get().path("narrow.pt")
      let output = folder.path("labelled")
      let network = ["--weights", module, "--classes", "camvid11", "--images", sample.images]
      let told = try error(["predict", "--output", output, "--scales", "1,4"] + network)
      #expect(told.hasPrefix("error: cannot run the module (\(module)): "), "\(told)")
      #expect(told.contains("it takes no images that are 256 pixels wide"), "\(told)")
      #expect(!exists(output))
      let scored = try error(
        ["evaluate", "--labels", sample.labels, "--label-space", "camvid11", "--scales", "4"] + network)
      #expect(scored.contains("it takes no images that are 256 pixels wide"), "\(scored)")
    }
  }

  @Test("A module with a least size of its own gets images of it, and sizes below are refused")
  func leastSide() throws {
    let sample = try Sample.make()
    try withTemporaryFolder { folder in
      let module = try Self.modules.get().path("wide.pt")
      let network = ["--weights", module, "--classes", "camvid11", "--images", sample.images]
      try done(["predict", "--output", folder.path("labelled"), "--scales", "0.1"] + network)
      let refused = try iapc(["predict", "--output", folder.path("no"), "--size", "32x64"] + network)
      #expect(refused.status == 1)
      let error = refused.errorLines.last ?? ""
      #expect(error.contains("torchscript takes widths and heights of at least 40 pixels"), "\(error)")
      #expect(error.contains("the nearest is 40x64"), "\(error)")
    }
  }
}
