// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Torch

/// `inspect --images`: weights of a network that was really trained, without what iapc wrote about them.
@Suite("Readings of weights")
struct ReadingTests {
  private let folder: ScratchFolder
  private let foreign: String

  init() throws {
    folder = try ScratchFolder()
    foreign = folder.path("foreign.safetensors")
    let shipped = Fixtures.repository.appendingPathComponent("demo/source.safetensors").path
    try CheckpointFile.write(
      Checkpoint(tensors: try CheckpointFile.read(shipped).tensors), to: foreign)
    try done([
      "data", "streets", "--domain", "noon", "--size", "320x240", "--count", "4", "--seed", "77", "--output",
      folder.path("noon"),
    ])
  }

  private func inspect(_ weights: String, _ more: String...) throws -> String {
    try done(
      ["inspect", "--weights", weights, "--images", folder.path("noon/images"), "--network", "espnet"] + more
    ).output
  }

  @Test("in a wrong colour convention are pointed out, and the right one is named")
  func wrong() throws {
    let output = try inspect(foreign, "--classes", "camvid11")
    let warning = try #require(output.split(separator: "\n").first { $0.hasPrefix("warning") })
    #expect(warning.contains("the images speak for --normalisation imageNet,"), "\(output)")
    #expect(warning.hasSuffix("assumed without it: --normalisation espnetCityscapes"))
  }

  @Test("with the red and blue of their colours exchanged are pointed out")
  func exchanged() throws {
    let stored = try CheckpointFile.read(foreign)
    let swapped = """
      {"mean":[103.53,116.28,123.675],"name":"own","order":"bgr","scale":1,"std":[57.375,57.12,58.395]}
      """
    let path = folder.path("swapped.safetensors")
    var metadata = ["iapc.network": "espnet", "iapc.classes": "camvid11"]
    metadata["iapc.normalisation"] = swapped
    try CheckpointFile.write(Checkpoint(tensors: stored.tensors, metadata: metadata), to: path)
    let output = try inspect(path)
    #expect(output.contains("warning    the images speak for --normalisation imageNet,"), "\(output)")
  }

  @Test("that the file states rightly get no warning")
  func right() throws {
    let output = try inspect(Fixtures.repository.appendingPathComponent("demo/source.safetensors").path)
    #expect(output.contains("assumed    --normalisation imageNet: nothing speaks clearly against it"))
    #expect(!output.contains("warning"))
  }
}
