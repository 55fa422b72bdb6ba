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

  private func inspect(_ weights: String, _ more: String..., images: String? = nil) throws -> String {
    try done(
      [
        "inspect", "--weights", weights, "--images", images ?? folder.path("noon/images"), "--network",
        "espnet",
      ]
        + more
    ).output
  }

  /// The line below the heads of the table.
  private func firstReading(_ output: String) throws -> Substring {
    let lines = output.split(separator: "\n")
    let head = try #require(lines.firstIndex { $0.hasPrefix("readings ") })
    return lines[head + 1]
  }

  @Test("in a wrong colour convention are pointed out, and the right one is named")
  func wrong() throws {
    let output = try inspect(foreign, "--classes", "camvid11")
    let warning = try #require(output.split(separator: "\n").first { $0.hasPrefix("warning") })
    #expect(warning.contains("the images speak for --normalisation imageNet,"), "\(output)")
    #expect(warning.hasSuffix("assumed without it: --normalisation espnetCityscapes"))
    #expect(try firstReading(output).hasSuffix("--normalisation imageNet"))
    let sure = try #require(output.split(separator: "\n").first { $0.hasPrefix("sure") })
    #expect(sure.matches(of: /larger on [34] of 4 images/).count == 2, "\(sure)")
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

  @Test(
    "that the file states rightly get no warning, and stand first, wherever the images are from",
    arguments: [("noon", 4), ("dusk", 1), ("dusk", 3), ("dusk", 8), ("fog", 3), ("rain", 3)])
  func right(domain: String, count: Int) throws {
    let images = folder.path("\(domain)-\(count)")
    try done([
      "data", "streets", "--domain", domain, "--size", "320x240", "--count", "\(count)", "--seed", "5",
      "--output",
      images,
    ])
    let output = try inspect(
      Fixtures.repository.appendingPathComponent("demo/source.safetensors").path, "--shown", "\(count)",
      images: "\(images)/images")
    #expect(output.contains("assumed    --normalisation imageNet: nothing speaks clearly against it"))
    #expect(!output.contains("warning"), "\(output)")
    #expect(try firstReading(output).hasSuffix("--normalisation imageNet"), "\(output)")
    // By the stored statistics alone the exchanged colors look better on the eight at dusk.
    #expect(!output.contains("imageNet-bgr is more plausible"), "\(output)")
  }

  @Test("cannot be told from fewer than three images, which a line says")
  func few() throws {
    let output = try inspect(foreign, "--classes", "camvid11", "--shown", "2")
    #expect(!output.contains("warning"))
    #expect(output.contains("but fewer than 3 images cannot tell"), "\(output)")
  }
}
