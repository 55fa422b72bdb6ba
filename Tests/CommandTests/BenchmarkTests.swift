// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("iapc benchmark")
struct BenchmarkTests {
  /// Runs a benchmark and gives what it wrote.
  private func numbers(_ arguments: [String]) throws -> [String: Any] {
    let scratch = try ScratchFolder()
    let json = scratch.path("numbers.json")
    let outcome = try done(["benchmark"] + arguments + ["--json", json])
    #expect(!outcome.output.isEmpty)
    return try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
  }

  @Test("times a step without any file", arguments: ["float32", "bfloat16"])
  func step(precision: String) throws {
    let found = try numbers(
      [
        "step", "--network", "espnet", "--crop", "64x32", "--batch", "1", "--steps", "2", "--precision",
        precision,
      ])
    let spread = try #require(found["seconds_per_step"] as? [String: Double])
    #expect(try #require(spread["min"]) <= #require(spread["median"]))
    #expect(found["precision"] as? String == precision && found["threads"] is Int)
    #expect((found["breakdown"] as? [String: Double])?["backward"] != nil)
    #expect(try #require(found["peak_resident_bytes"] as? Int) > 1 << 20)
    #expect(try #require(found["operations_per_step"] as? Int) > 1_000_000)
  }

  @Test("leaves weights and a batch that other commands take")
  func dump() throws {
    let scratch = try ScratchFolder()
    let folder = scratch.path("dump")
    let timed = try numbers(
      [
        "step", "--network", "espnet", "--crop", "64x32", "--batch", "1", "--steps", "1", "--profile",
        "paper",
        "--dump", folder,
      ])
    let json = scratch.path("step.json")
    try done([
      "step", "--weights", "\(folder)/weights.pth", "--network", "espnet", "--profile", "paper", "--inputs",
      "\(folder)/step_000001.safetensors", "--json", json,
    ])
    let replayed = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
    let (mine, theirs) = (
      try #require((timed["steps"] as? [[String: Double]])?.first?["total"]),
      try #require((replayed["steps"] as? [[String: Any]])?.first?["total"] as? Double)
    )
    #expect(abs(mine - theirs) < 1e-4 * abs(theirs))
  }

  @Test("times predictions of drawn scenes", arguments: ["evaluate", "pseudo-label"])
  func predictions(kind: String) throws {
    let found = try numbers([
      kind, "--network", "espnet", "--size", "64x32", "--scene-size", "96x64", "--count", "2",
    ])
    #expect(found["images"] as? Int == 2)
    #expect((found["mIoU"] is Double) == (kind == "evaluate"))
    let parts = try #require(found["breakdown"] as? [String: Double])
    #expect(Set(["read", "resize", "network", "compare"]).isSubset(of: parts.keys))
    #expect(try #require(found["seconds_per_image"] as? Double) > 0)
  }

  @Test("times training views")
  func data() throws {
    let found = try numbers([
      "data", "--size", "64x32", "--crop", "32x16", "--scene-size", "96x64", "--count", "3", "--batch", "2",
      "--batches", "2", "--workers", "1",
    ])
    #expect(found["images"] as? Int == 4)
    #expect(try #require(found["images_per_second"] as? Double) > 0)
  }

  @Test("times the program's own start")
  func startup() throws {
    let found = try numbers(["startup", "--runs", "1"])
    #expect((found["help"] as? [String: Double])?["median"] != nil)
    #expect((found["first_step"] as? [String: Double])?["median"] != nil)
  }

  @Test("refuses what cannot be timed, in one line")
  func refused() throws {
    try expectError(
      ["benchmark", "step", "--network", "espnet", "--crop", "63x32"],
      saying: "cannot use the crop (--crop 63x32): espnet takes multiples of 8; give such a size")
    let alone = try iapc("benchmark", "evaluate", "--images", "x")
    #expect(alone.status == 64 && alone.errors.contains("Give --images and --labels together."))
  }
}
